//! Reads SQS: every queue with its counts, what takes its dead letters, and the age of its oldest message where CloudWatch
//! tells.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_sqs::types::QueueAttributeName;
use futures::{StreamExt, TryStreamExt};
use serde::Deserialize;

use super::ask::Asker;
use super::failure::{Loss, Trouble};
use super::last_part;
use super::metrics::{self, Wanted};
use super::price::Charge;
use super::watch::{Area, Session};
use crate::model::{Broker, Fact, Key, Kind, Queue, SourceName, Text, Timestamp};
use crate::sources::port::FailureKind;

/// Requests for queues at once.
const AT_ONCE: usize = 4;
/// Ages cost a metric each: they are asked for so seldom, and of so many queues at most.
const AGES_SECONDS: i64 = 120;
const AGES: usize = 100;

const ATTRIBUTES: [QueueAttributeName; 5] = [
    QueueAttributeName::ApproximateNumberOfMessages,
    QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    QueueAttributeName::QueueArn,
    QueueAttributeName::RedrivePolicy,
];

type Attributes = HashMap<QueueAttributeName, String>;

/// When the oldest message of each queue came, as CloudWatch last told.
#[derive(Default)]
pub(super) struct Ages {
    oldest: BTreeMap<String, Timestamp>,
    asked: Option<i64>,
}

impl Ages {
    /// One poll of all queues.
    pub(super) async fn round(&mut self, session: &Session<'_>) -> Result<(), Trouble> {
        let asker = session.asker;
        let mut urls = list(asker).await?;
        urls.retain(|url| session.options.wants_queue(last_part(url)));
        session.charge(Charge::QueueRequests, urls.len() + 1, period_seconds());
        let read = |url: String| async move {
            let answer = attributes(asker, &url).await;
            match answer {
                Err(Trouble { failure, loss: Loss::Service }) if failure.kind == FailureKind::Absent => Ok(None),
                other => other.map(|attributes| Some((url, attributes))),
            }
        };
        let found: Vec<(String, Attributes)> = futures::stream::iter(urls)
            .map(read)
            .buffer_unordered(AT_ONCE)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect()
            .await?;
        let mut queues = convert(asker.desk.source(), &found, asker.desk.now());
        self.age(session, &queues).await?;
        for queue in &mut queues {
            queue.oldest_at = self.oldest.get(queue.name.raw()).copied().filter(|_| queue.ready != Some(0));
        }
        session.tell("queues", queues.into_iter().map(|queue| Fact::Queue(Box::new(queue))).collect()).await
    }

    /// Asks for ages of the queues in which something waits.
    async fn age(&mut self, session: &Session<'_>, queues: &[Queue]) -> Result<(), Trouble> {
        let now = session.asker.desk.now().as_second();
        if self.asked.is_some_and(|at| now - at < AGES_SECONDS) {
            return Ok(());
        }
        let busy = queues.iter().filter(|queue| queue.ready.is_some_and(|ready| ready > 0)).take(AGES);
        let wanted: Vec<Wanted> = busy.map(|queue| oldest_of(queue.name.raw())).collect();
        self.asked = Some(now);
        session.charge(Charge::QueueAges, wanted.len(), AGES_SECONDS);
        self.oldest.clear();
        if wanted.is_empty() {
            return Ok(());
        }
        // Counts without ages are worth telling, whatever CloudWatch says.
        let found = match session.spare(Area::Sqs, metrics::newest(session.asker, &wanted).await) {
            Ok(found) => found.unwrap_or_default(),
            Err(trouble) if trouble.loss == Loss::Service => return Ok(()),
            Err(trouble) => return Err(trouble),
        };
        #[expect(clippy::cast_possible_truncation, reason = "ages are whole seconds far below 2^53")]
        let came = |(at, age): (i64, f64)| Timestamp::from_second(at - age as i64).ok();
        self.oldest = found.into_iter().filter_map(|(one, newest)| Some((one.value, came(newest)?))).collect();
        Ok(())
    }
}

fn period_seconds() -> i64 {
    i64::try_from(Area::Sqs.period().as_secs()).unwrap_or(1)
}

fn oldest_of(queue: &str) -> Wanted {
    Wanted {
        namespace: "AWS/SQS",
        metric: "ApproximateAgeOfOldestMessage",
        dimension: "QueueName",
        value: queue.to_owned(),
        statistic: "Maximum",
    }
}

async fn list(asker: Asker<'_>) -> Result<Vec<String>, Trouble> {
    let (mut urls, mut next) = (Vec::new(), None);
    loop {
        let request = asker.clients.sqs.list_queues().max_results(1000).set_next_token(next).send();
        let page = asker.ask("sqs:ListQueues", request).await?;
        urls.extend(page.queue_urls.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(urls);
        }
    }
}

async fn attributes(asker: Asker<'_>, url: &str) -> Result<Attributes, Trouble> {
    let request =
        asker.clients.sqs.get_queue_attributes().queue_url(url).set_attribute_names(Some(ATTRIBUTES.to_vec()));
    Ok(asker.ask("sqs:GetQueueAttributes", request.send()).await?.attributes.unwrap_or_default())
}

/// Where messages go that were received too often.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Redrive {
    dead_letter_target_arn: String,
}

/// Queues as facts. The depth of a dead-letter queue is known where it is one of them.
fn convert(source: &SourceName, found: &[(String, Attributes)], now: Timestamp) -> Vec<Queue> {
    let number = |attributes: &Attributes, name| attributes.get(&name).and_then(|text| text.parse::<u64>().ok());
    let depths: HashMap<&str, Option<u64>> = found
        .iter()
        .filter_map(|(_, a)| {
            let arn = a.get(&QueueAttributeName::QueueArn)?;
            Some((arn.as_str(), number(a, QueueAttributeName::ApproximateNumberOfMessages)))
        })
        .collect();
    found
        .iter()
        .map(|(url, attributes)| {
            let redrive = attributes.get(&QueueAttributeName::RedrivePolicy);
            let dead = redrive.and_then(|policy| serde_json::from_str::<Redrive>(policy).ok());
            let dead = dead.map(|policy| policy.dead_letter_target_arn);
            Queue {
                key: Key::new(source, Kind::Queue, attributes.get(&QueueAttributeName::QueueArn).unwrap_or(url)),
                broker: Broker::Sqs,
                scope: Text::empty(),
                name: Text::name(last_part(url)),
                ready: number(attributes, QueueAttributeName::ApproximateNumberOfMessages),
                unacked: number(attributes, QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
                delayed: number(attributes, QueueAttributeName::ApproximateNumberOfMessagesDelayed),
                failed: None,
                dead_letters: dead.as_ref().and_then(|arn| depths.get(arn.as_str()).copied().flatten()),
                dead_letter_queue: dead.as_ref().map(|arn| Text::name(last_part(arn))),
                oldest_at: None,
                in_per_second: None,
                out_per_second: None,
                net_per_second: None,
                consumers: None,
                paused: false,
                trouble: None,
                approximate: true,
                at: now,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(name: &str, ready: &str, redrive: Option<&str>) -> (String, Attributes) {
        let mut attributes = Attributes::from([
            (QueueAttributeName::QueueArn, format!("arn:aws:sqs:eu-central-1:1:{name}")),
            (QueueAttributeName::ApproximateNumberOfMessages, ready.to_owned()),
            (QueueAttributeName::ApproximateNumberOfMessagesNotVisible, "5".to_owned()),
        ]);
        if let Some(to) = redrive {
            let policy =
                format!(r#"{{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:1:{to}","maxReceiveCount":"3"}}"#);
            attributes.insert(QueueAttributeName::RedrivePolicy, policy);
        }
        (format!("https://sqs.eu-central-1.amazonaws.com/1/{name}"), attributes)
    }

    #[test]
    fn a_queue_has_its_counts_and_the_depth_of_its_dead_letters() {
        let found = [queue("crawl", "15", Some("crawl-dead")), queue("crawl-dead", "2", None)];
        let queues = convert(&SourceName::new("aws"), &found, Timestamp::UNIX_EPOCH);
        let crawl = &queues[0];
        assert_eq!((crawl.name.raw(), crawl.ready, crawl.unacked, crawl.delayed), ("crawl", Some(15), Some(5), None));
        assert_eq!((crawl.dead_letter_queue.as_ref().unwrap().raw(), crawl.dead_letters), ("crawl-dead", Some(2)));
        assert!(crawl.approximate && crawl.consumers.is_none());
    }

    #[test]
    fn what_is_no_number_and_dead_letters_elsewhere_are_not_known() {
        let found = [queue("crawl", "NaN", Some("elsewhere"))];
        let queues = convert(&SourceName::new("aws"), &found, Timestamp::UNIX_EPOCH);
        assert_eq!((queues[0].ready, queues[0].dead_letters), (None, None));
        assert_eq!(queues[0].dead_letter_queue.as_ref().unwrap().raw(), "elsewhere");
    }
}
