//! The table of answers.

use super::*;

/// What the answer to a question for one number says.
fn read(status: u16, body: &[u8]) -> Reading {
    interpret(status, body, &Ask::Number("q".to_owned()), DateTime::UNIX_EPOCH)
}

fn vector(series: &str) -> String {
    format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{series}]}}}}"#)
}

fn error(kind: &str) -> String {
    format!(r#"{{"status":"error","errorType":"{kind}","error":"why"}}"#)
}

#[track_caller]
fn check(status: u16, body: &str, expect: &Reading) {
    assert_eq!(&read(status, body.as_bytes()), expect, "{status} {body}");
}

#[test]
fn one_finite_number_is_a_value() {
    for (text, number) in [("0.015", 0.015), ("42", 42.0), ("1e-9", 1e-9), ("-3", -3.0), ("1.7976931348623157e+308", f64::MAX)] {
        check(200, &vector(&format!(r#"{{"metric":{{"pod":"a"}},"value":[1732312345.123,"{text}"]}}"#)), &Reading::Value(number));
        let scalar = format!(r#"{{"status":"success","data":{{"result":[1,"{text}"],"resultType":"scalar"}}}}"#);
        check(200, &scalar, &Reading::Value(number));
    }
}

#[test]
fn minus_zero_is_told_as_zero() {
    let Reading::Value(zero) = read(200, vector(r#"{"value":[1,"-0"]}"#).as_bytes()) else { panic!("no value") };
    assert!(zero.is_sign_positive());
}

#[test]
fn what_is_no_finite_number_has_its_own_reading() {
    check(200, &vector(""), &Reading::NoData);
    check(200, &vector(r#"{"value":[1,"NaN"]}"#), &Reading::NotANumber);
    for text in ["+Inf", "-Inf", "Inf", "1e309"] {
        check(200, &vector(&format!(r#"{{"value":[1,"{text}"]}}"#)), &Reading::Infinite);
    }
    check(200, &vector(r#"{"value":[1,"1"]},{"value":[1,"1"]},{"value":[1,"NaN"]}"#), &Reading::SeveralSeries(3));
    check(200, &vector(r#"{"histogram":[1,{"count":"2","sum":"3"}]}"#), &Reading::WrongType("a histogram".to_owned()));
}

#[test]
fn a_number_comes_with_the_requests_that_it_speaks_of() {
    let read = |series: &str| interpret(200, vector(series).as_bytes(), &Ask::Backed("q".to_owned()), DateTime::UNIX_EPOCH);
    let marked = |mark: &str, value: &str| format!(r#"{{"metric":{{"serin_counts":"{mark}"}},"value":[1,"{value}"]}}"#);
    let both = |value: &str, count: &str| read(&format!("{},{}", marked("value", value), marked("all", count)));
    assert_eq!(both("0.02", "120.5"), Reading::Backed(0.02, 120.5));
    let Reading::Backed(value, requests) = both("NaN", "0") else { panic!("no number") };
    assert!(value.is_nan() && requests == 0.0);
    assert_eq!(read(&marked("value", "0.02")), Reading::Backed(0.02, 0.0), "no series of requests is none");
    assert_eq!(read(&marked("all", "7")), Reading::NoData);
    assert_eq!(read(&format!("{},{}", marked("value", "1"), marked("value", "2"))), Reading::SeveralSeries(2));
}

#[test]
fn a_result_of_another_type_is_told_by_its_name() {
    for (kind, result, name) in [
        ("string", r#"[1,"0.5"]"#, "a string"),
        ("matrix", r#"[{"values":[[1,"0.5"]]}]"#, "a range of values"),
        ("streams", "[]", "a result of type `streams`"),
    ] {
        let body = format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}}}}"#);
        check(200, &body, &Reading::WrongType(name.to_owned()));
    }
}

#[test]
fn an_incomplete_answer_is_no_value_and_no_lack_of_data_but_infos_change_nothing() {
    let one = r#"{"value":[1,"0.5"]}"#;
    for (extra, expect) in [
        (r#""warnings":["store a is down","store b is down"]"#, Reading::Partial("store a is down; store b is down".to_owned())),
        (r#""isPartial":true"#, Reading::Partial("isPartial is true".to_owned())),
        (r#""warnings":[],"isPartial":false"#, Reading::Value(0.5)),
        (r#""warnings":null,"infos":["metric might not be a counter"]"#, Reading::Value(0.5)),
    ] {
        check(200, &vector(one).replacen('{', &format!("{{{extra},"), 1), &expect);
    }
    check(200, &vector("").replacen('{', r#"{"warnings":["store a is down"],"#, 1), &Reading::Partial("store a is down".to_owned()));
    // What can never become a value is told, whatever else is missing.
    let several = vector(r#"{"value":[1,"1"]},{"value":[1,"1"]}"#).replacen('{', r#"{"isPartial":true,"#, 1);
    check(200, &several, &Reading::SeveralSeries(2));
}

#[test]
fn an_error_of_the_api_says_more_than_the_status() {
    for (status, kind, expect) in [
        (400, "bad_data", Reading::BadQuery("why".to_owned())),
        (400, "validation", Reading::BadQuery("validation: why".to_owned())),
        (422, "execution", Reading::QueryFailed("execution: why".to_owned())),
        (422, "422", Reading::QueryFailed("422: why".to_owned())),
        (499, "canceled", Reading::QueryFailed("canceled: why".to_owned())),
        (503, "canceled", Reading::QueryFailed("canceled: why".to_owned())),
        (500, "internal", Reading::QueryFailed("internal: why".to_owned())),
        (503, "timeout", Reading::TimedOut),
        (503, "unavailable", Reading::Unavailable(503)),
        (404, "not_found", Reading::HttpStatus(404)),
        (413, "too_large_entry", Reading::HttpStatus(413)),
        (429, "too_many_requests", Reading::Throttled),
        (401, "bad_data", Reading::Unauthorized(401)),
        (200, "bad_data", Reading::BadQuery("why".to_owned())),
        (200, "execution", Reading::QueryFailed("execution: why".to_owned())),
        (200, "odd", Reading::QueryFailed("odd: why".to_owned())),
    ] {
        check(status, &error(kind), &expect);
    }
    check(400, r#"{"status":"error"}"#, &Reading::BadQuery("unknown error: no reason given".to_owned()));
}

#[test]
fn without_the_apis_words_the_status_speaks() {
    for body in ["", "<html>sorry</html>", "{", &vector(r#"{"value":[1,"0.5"]}"#)] {
        for (status, expect) in [
            (204, Reading::HttpStatus(204)),
            (302, Reading::HttpStatus(302)),
            (400, Reading::HttpStatus(400)),
            (401, Reading::Unauthorized(401)),
            (403, Reading::Unauthorized(403)),
            (404, Reading::HttpStatus(404)),
            (405, Reading::HttpStatus(405)),
            (429, Reading::Throttled),
            (500, Reading::Unavailable(500)),
            (502, Reading::Unavailable(502)),
            (503, Reading::Unavailable(503)),
            (504, Reading::Unavailable(504)),
        ] {
            check(status, body, &expect);
        }
    }
}

#[test]
fn a_success_that_is_not_what_the_api_promises_is_malformed() {
    let whole = vector(r#"{"value":[1,"0.5"]}"#);
    for end in 0..whole.len() {
        let reading = read(200, &whole.as_bytes()[..end]);
        assert!(matches!(reading, Reading::Malformed(_)), "cut at {end}: {reading:?}");
    }
    for (body, text) in [
        ("", "it is empty"),
        ("\n<!DOCTYPE html><title>Sign in", "it is a page in HTML; does a login page stand before the API?"),
        ("[]", "not the JSON of the API: invalid length 0, expected struct Envelope with 6 elements at line 1 column 2"),
        ("{}", "not the JSON of the API: missing field `status` at line 1 column 2"),
        (r#"{"status":"success"}"#, "a success without data"),
        (r#"{"status":"success","data":null}"#, "a success without data"),
        (r#"{"status":"ok"}"#, "its status is `ok`, neither success nor error"),
        (&vector("{}"), "a series without a value"),
        (&vector(r#"{"value":[1,"much"]}"#), "`much` is no number"),
        (&vector(r#"{"value":[1,""]}"#), "`` is no number"),
        (&vector(r#"{"value":[1,0.5]}"#), "invalid type: floating point `0.5`, expected a string at line 1 column 16"),
    ] {
        check(200, body, &Reading::Malformed(text.to_owned()));
    }
}

#[test]
fn a_deep_answer_is_refused_and_does_not_overflow() {
    let deep = vector(&format!(r#"{{"metric":{}"#, "[".repeat(100_000)));
    assert!(matches!(read(200, deep.as_bytes()), Reading::Malformed(_)));
}
