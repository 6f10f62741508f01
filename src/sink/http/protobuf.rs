//! How are a few fields of a protobuf message written and read?

/// A message that grows.
#[derive(Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// A length, then bytes: texts and messages.
    pub(super) fn bytes(mut self, field: u32, value: &[u8]) -> Self {
        self.number(u64::from(field << 3 | 2));
        self.number(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    pub(super) fn text(self, field: u32, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    pub(super) fn message(self, field: u32, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }

    pub(super) fn varint(mut self, field: u32, value: u64) -> Self {
        self.number(u64::from(field << 3));
        self.number(value);
        self
    }

    pub(super) fn fixed64(mut self, field: u32, value: u64) -> Self {
        self.number(u64::from(field << 3 | 1));
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }
}

/// What a field holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// All fields of a message with their numbers; `None` where it is none.
pub(super) fn fields(mut rest: &[u8]) -> Option<Vec<(u64, Field<'_>)>> {
    let mut found = Vec::new();
    while !rest.is_empty() {
        let key = number(&mut rest)?;
        let field = match key & 7 {
            0 => Field::Number(number(&mut rest)?),
            1 => Field::Bytes(take(&mut rest, 8)?),
            2 => {
                let length = usize::try_from(number(&mut rest)?).ok()?;
                Field::Bytes(take(&mut rest, length)?)
            }
            5 => Field::Bytes(take(&mut rest, 4)?),
            _ => return None,
        };
        found.push((key >> 3, field));
    }
    Some(found)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let inner = Message::default().text(2, "no").varint(1, 300);
        let message = Message::default().message(1, &inner).fixed64(11, 1).into_bytes();
        assert_eq!(message, [0x0a, 7, 0x12, 2, b'n', b'o', 0x08, 0xac, 0x02, 0x59, 1, 0, 0, 0, 0, 0, 0, 0]);
        let Some((1, Field::Bytes(read))) = fields(&message).and_then(|all| all.into_iter().next()) else { panic!("no first field") };
        assert_eq!(fields(read), Some(vec![(2, Field::Bytes(b"no")), (1, Field::Number(300))]));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for odd in [b"<html>".as_slice(), b"{}", &[0x0a, 9, 1], &[0x80; 12], &[0x08]] {
            assert_eq!(fields(odd), None, "{odd:?}");
        }
    }
}
