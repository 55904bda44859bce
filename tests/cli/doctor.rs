//! `doctor` names what is missing in each platform's words, and writes the policy that has it.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::Value;

use crate::program::{Program, Ran};

/// A server that answers whatever comes with the same words; it ends with the test's process.
fn always(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = move || {
        for mut stream in listener.incoming().flatten() {
            let one = move || {
                let mut asked = [0_u8; 16 * 1024];
                while stream.read(&mut asked).is_ok_and(|n| n > 0) {
                    if stream.write_all(answer).is_err() {
                        return;
                    }
                }
            };
            std::thread::Builder::new().spawn(one).unwrap();
        }
    };
    std::thread::Builder::new().spawn(serve).unwrap();
    port
}

fn doctor(sources: &str) -> Ran {
    let program = Program::new();
    let config = program.home().join("config.toml");
    std::fs::write(&config, format!("discover = false\n{sources}")).unwrap();
    program.run(&["doctor", "--config", &config.display().to_string()])
}

#[test]
fn a_rabbitmq_user_without_a_tag_is_told_the_command_that_gives_it() {
    let port = always(
        b"HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: 61\r\n\r\n\
          {\"error\":\"not_authorized\",\"reason\":\"Not management user\"}     ",
    );
    let source = format!(
        "[[source]]\nname = \"mq\"\nrabbitmq = \"http://127.0.0.1:{port}\"\nuser = \"watch\"\npassword = \"hunter2\"\n"
    );
    let ran = doctor(&source);
    assert_eq!(ran.code, 8, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("rabbitmqctl set_user_tags watch monitoring"), "{}", ran.out);
    assert!(ran.out.contains("--print-policy=rabbitmq-read") && !ran.out.contains("hunter2"), "{}", ran.out);
}

#[test]
fn a_redis_user_without_rights_is_told_the_acl_that_gives_them() {
    let port = always(b"-NOPERM this user has no permissions to run this command\r\n");
    let ran = doctor(&format!("[[source]]\nname = \"cache\"\nredis = \"redis://127.0.0.1:{port}\"\n"));
    assert_eq!(ran.code, 8, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("ACL SETUSER") && ran.out.contains("--print-policy=redis-read"), "{}", ran.out);
}

#[test]
fn all_policies_are_printed_with_how_each_is_put_into_force() {
    let ran = Program::new().run(&["doctor", "--print-policy"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for name in ["aws", "kubernetes", "rabbitmq", "redis"] {
        for (purpose, words) in [("read", "to read"), ("change", "to change, beside reading")] {
            assert!(ran.out.contains(&format!("# {name}-{purpose}: {words}; ")), "{name}-{purpose}: {}", ran.out);
        }
    }
}

#[test]
fn one_policy_is_the_document_alone() {
    let program = Program::new();
    let iam = program.run(&["doctor", "--print-policy=aws-read"]);
    let policy: Value = serde_json::from_str(&iam.out).unwrap();
    assert_eq!((&policy["Version"], &policy["Statement"][0]["Effect"]), (&"2012-10-17".into(), &"Allow".into()));
    let role = program.run(&["doctor", "--print-policy=kubernetes-read"]);
    assert!(role.out.starts_with("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"), "{}", role.out);
    let body: Value =
        serde_json::from_str(&program.run(&["doctor", "--print-policy=redis", "-o", "json"]).out).unwrap();
    let names: Vec<&Value> = body["items"].as_array().unwrap().iter().map(|item| &item["name"]).collect();
    assert_eq!((&body["kind"], names), (&"Policy".into(), vec![&"redis-read".into(), &"redis-change".into()]));
    let wrong = program.run(&["doctor", "--print-policy=kubernetes-raed"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("did you mean kubernetes-read?"), "{}", wrong.err);
}
