//! Where an image can be had: the registry's answers, and every way in which it does not tell.

use quarterdeck::model::{Image, Text};
use quarterdeck::sources::images::find;
use quarterdeck::sources::port::FailureKind;

use super::server::{Asked, Reply, Server};

fn digest(digit: &str) -> String {
    format!("sha256:{}", digit.repeat(64))
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

async fn registry(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Server {
    drop(rustls::crypto::ring::default_provider().install_default());
    Server::start(move |asked| Some(answer(asked))).await
}

fn there(digit: &str) -> Reply {
    Reply::json("{}").header("docker-content-digest", leak(digest(digit)))
}

fn image(server: &Server, tail: &str) -> Image {
    Image::of_reference(&format!("{}/shop/api{tail}", server.address))
}

#[tokio::test]
async fn g9_an_image_is_found_by_its_digest_and_a_tag_is_resolved_to_one() {
    let server = registry(|asked| match asked.path.as_str() {
        path if path == format!("/v2/shop/api/manifests/{}", digest("a")) => there("a"),
        "/v2/shop/api/manifests/1.8" => there("b"),
        _ => Reply::of(404, "application/json", "{}"),
    })
    .await;
    let found = |tail: &str| {
        let image = image(&server, tail);
        async move { find(&image, &[]).await.unwrap().map(|image| image.reference.raw().to_owned()) }
    };
    let at = server.address;
    assert_eq!(found(&format!(":2@{}", digest("a"))).await, Some(format!("{at}/shop/api@{}", digest("a"))));
    assert_eq!(found(":1.8").await, Some(format!("{at}/shop/api@{}", digest("b"))));
    assert_eq!(found(&format!("@{}", digest("c"))).await, None);
    assert_eq!(found(":9").await, None);
    assert!(server.asked(|asked| asked.method != "HEAD").is_empty());
}

#[tokio::test]
async fn the_targets_own_registry_goes_first_and_the_images_own_is_the_second() {
    let own = registry(|_| Reply::of(404, "application/json", "{}")).await;
    let origin = registry(|_| there("a")).await;
    let wanted = image(&origin, &format!("@{}", digest("a")));
    let place = format!("{}/mirror/api:1.7", own.address);
    let found = find(&wanted, &[&place]).await.unwrap().unwrap();
    assert_eq!(found.reference.raw(), format!("{}/shop/api@{}", origin.address, digest("a")));
    assert_eq!(own.asked(|_| true).len(), 1);
    let here = registry(|_| there("a")).await;
    let place = format!("{}/mirror/api:1.7", here.address);
    let found = find(&wanted, &[&place]).await.unwrap().unwrap();
    assert_eq!(found.reference.raw(), format!("{}/mirror/api@{}", here.address, digest("a")));
}

#[tokio::test]
async fn a_token_for_everybody_is_fetched_where_the_registry_says() {
    let server = registry(|asked| match (asked.path.as_str(), asked.token.as_str()) {
        ("/token", _) if asked.query == "service=lab&scope=repository%3Ashop%2Fapi%3Apull" => {
            Reply::json(r#"{"token":"t0k"}"#)
        }
        (_, "Bearer t0k") => there("a"),
        (_, _) => {
            let host = asked.host.clone();
            let words =
                format!("Bearer realm=\"http://{host}/token\",service=\"lab\",scope=\"repository:shop/api:pull\"");
            Reply::of(401, "application/json", "{}").header("www-authenticate", leak(words))
        }
    })
    .await;
    let found = find(&image(&server, &format!("@{}", digest("a"))), &[]).await.unwrap();
    assert!(found.is_some());
}

#[tokio::test]
async fn a_login_is_never_sent_for_to_a_strange_place_and_without_one_nobody_knows() {
    let elsewhere = "Bearer realm=\"http://evil.example/token\",service=\"x\"";
    let server =
        registry(move |_| Reply::of(401, "application/json", "{}").header("www-authenticate", elsewhere)).await;
    let failure = find(&image(&server, ":1"), &[]).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied);
    let server = registry(|_| Reply::of(403, "application/json", "{}")).await;
    assert_eq!(find(&image(&server, ":1"), &[]).await.unwrap_err().kind, FailureKind::Denied);
}

#[tokio::test]
async fn g8_a_registry_that_is_silent_broken_or_lying_is_an_error_and_not_an_answer() {
    let failing = registry(|_| Reply::of(500, "text/plain", "oops")).await;
    assert_eq!(find(&image(&failing, ":1"), &[]).await.unwrap_err().kind, FailureKind::Garbled);
    let lying = registry(|_| there("f")).await;
    let failure = find(&image(&lying, &format!("@{}", digest("a"))), &[]).await.unwrap_err();
    assert!(failure.message.shown().contains("where sha256:aaa"), "{failure}");
    let nobody = Image::of_reference("127.0.0.1:9/shop/api:1");
    assert_eq!(find(&nobody, &[]).await.unwrap_err().kind, FailureKind::Unreachable);
}

#[tokio::test]
async fn a_registry_that_names_no_digest_is_read_and_its_bytes_are_counted() {
    let server = registry(|_| Reply::json("{}")).await;
    // The SHA-256 of `{}`.
    let known = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let found = find(&image(&server, ":1"), &[]).await.unwrap().unwrap();
    assert_eq!(found.digest.as_ref().map(Text::raw), Some(known));
}

#[tokio::test]
async fn an_image_that_only_one_engine_has_is_in_no_registry() {
    let image = Image { id: Some(Text::name(&digest("a"))), ..Image::of_reference("local/api:1") };
    assert_eq!(find(&image, &[]).await.unwrap(), None);
}
