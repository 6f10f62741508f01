//! How do pods find a Service by its name? A small name server at the node's address, which knows the Services of its plane and nothing else.

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Service;
use kube::{Api, Client};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use crate::apart::NODE_ADDRESS;

/// Of every cluster that sets no other one; the kubelet tells it to its pods.
const DOMAIN: &str = ".svc.cluster.local";
/// What RFC 1035 allows without an extension, and more than a question has.
const LONGEST: usize = 512;
/// The header of a question and of its answer.
const HEADER: usize = 12;
/// An address of the fourth version, the only kind that Services have here.
const A: u16 = 1;

/// Answers until it is dropped.
#[derive(Debug)]
pub(crate) struct Names(JoinHandle<()>);

impl Names {
    pub(crate) async fn serve(client: Client) -> Result<Self> {
        let socket = UdpSocket::bind((NODE_ADDRESS, 53)).await.context("names cannot be served")?;
        Ok(Self(tokio::spawn(async move {
            let mut asked = [0; LONGEST];
            while let Ok((size, from)) = socket.recv_from(&mut asked).await {
                let Some(question) = Question::of(&asked[..size]) else { continue };
                let service = service(&client, &question.name).await;
                // Who gets no answer asks again.
                let _ = socket.send_to(&question.answer(service), from).await;
            }
        })))
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The address of the Service that has this name.
async fn service(client: &Client, name: &str) -> Option<Ipv4Addr> {
    let (service, namespace) = name.strip_suffix(DOMAIN)?.split_once('.')?;
    let service = Api::<Service>::namespaced(client.clone(), namespace).get_opt(service).await.ok()??;
    service.spec?.cluster_ip?.parse().ok()
}

/// One question, as RFC 1035 writes it.
struct Question<'a> {
    /// Which one it is, in the asker's count.
    number: &'a [u8],
    name: String,
    kind: u16,
    /// All of it behind the header.
    bytes: &'a [u8],
}

impl<'a> Question<'a> {
    /// Nothing where it is none.
    fn of(asked: &'a [u8]) -> Option<Self> {
        let (mut at, mut labels) = (HEADER, Vec::new());
        loop {
            let length = usize::from(*asked.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            labels.push(std::str::from_utf8(asked.get(at..at + length)?).ok()?.to_ascii_lowercase());
            at += length;
        }
        let kind = u16::from_be_bytes(asked.get(at..at + 2)?.try_into().ok()?);
        Some(Self { number: asked.get(..2)?, name: labels.join("."), kind, bytes: asked.get(HEADER..at + 4)? })
    }

    /// There is no such name, or it has this address, or it has one of another kind only.
    fn answer(&self, service: Option<Ipv4Addr>) -> Vec<u8> {
        let address = service.filter(|_| self.kind == A);
        // An answer that nobody knows better, from a server that would ask others.
        let mut answer = [self.number, &[0x84, if service.is_some() { 0x80 } else { 0x83 }]].concat();
        answer.extend([0, 1, 0, u8::from(address.is_some()), 0, 0, 0, 0]);
        answer.extend(self.bytes);
        if let Some(address) = address {
            // The name of the question, its kind, the internet, good for one second, four bytes.
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4]);
            answer.extend(address.octets());
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &[u8] = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03web\x04Shop\x03svc\x07cluster\x05local\x00\x00\x01\x00\x01";

    #[test]
    fn a_name_has_its_address_or_is_unknown() {
        let question = Question::of(ASKED).expect("a question");
        assert_eq!((question.name.as_str(), question.kind), ("web.shop.svc.cluster.local", A));
        let known = question.answer(Some(Ipv4Addr::new(10, 96, 0, 7)));
        assert_eq!((&known[..4], &known[known.len() - 4..]), (b"\x12\x34\x84\x80".as_slice(), [10, 96, 0, 7].as_slice()));
        let unknown = question.answer(None);
        assert_eq!((&unknown[..4], unknown.len()), (b"\x12\x34\x84\x83".as_slice(), ASKED.len()));
        let other_kind = Question { kind: 28, ..question }.answer(Some(Ipv4Addr::LOCALHOST));
        assert_eq!((&other_kind[..4], other_kind.len()), (b"\x12\x34\x84\x80".as_slice(), ASKED.len()));
    }

    #[test]
    fn what_is_no_question_is_none() {
        for end in 0..ASKED.len() {
            assert!(Question::of(&ASKED[..end]).is_none(), "{end} bytes");
        }
    }
}
