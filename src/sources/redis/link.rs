//! One connection to a Redis: logged in, commands sent in pipelines of bounded length, answers taken one by one.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, Pipeline, RedisConnectionInfo, cmd};
use secrecy::ExposeSecret;

use super::address::{Address, Place};
use super::meter::{Meter, Metered};
use super::reply::Reply;
use super::{ask, dial, failure};
use crate::model::Endpoint;
use crate::sources::port::{Desk, Failure, FailureKind};
use crate::sources::secret;

/// How long one pipeline may take where the configuration does not say; the client's own 500 ms are too short over tunnels.
pub(super) const RESPONSE: Duration = Duration::from_secs(2);
/// Most commands of one pipeline: the server answers nobody else while it works one off.
const LONGEST: usize = 1000;

/// A connection, and what must be polled beside its use.
pub(super) struct Link {
    connection: MultiplexedConnection,
    meter: Arc<Meter>,
    address: Address,
    limit: Duration,
}

/// Moves bytes for a [`Link`]; it ends with the connection.
pub(super) struct Driver {
    moves: BoxFuture<'static, ()>,
    place: Place,
    meter: Arc<Meter>,
}

impl Driver {
    /// Does `work` while the connection's bytes are moved.
    ///
    /// # Errors
    /// Those of the work, or the end of the connection.
    pub(super) async fn during<T>(self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            done = work => done,
            () = self.moves => Err(failure::ended(&self.place, &self.meter)),
        }
    }
}

impl Link {
    /// Opens a stream and makes a connection of it; it is not logged in yet.
    ///
    /// # Errors
    /// Why there is no way.
    pub(super) async fn open(
        address: &Address,
        endpoint: &Endpoint,
        limit: Duration,
    ) -> Result<(Self, Driver), Failure> {
        let wire = dial::open(&address.place, endpoint.ca_file.as_deref()).await?;
        let meter = Arc::new(Meter::default());
        let stream = Metered::new(wire, meter.clone());
        // Login and database are asked for by ourselves, so that a refusal keeps its own words.
        let plain = RedisConnectionInfo::default().set_skip_set_lib_name();
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(limit));
        let made = MultiplexedConnection::new_with_config(&plain, stream, config).await;
        let (connection, driver) = made.map_err(|error| failure::of_client(&address.place, &error, &meter, limit))?;
        let driver = Driver { moves: driver.boxed(), place: address.place.clone(), meter: meter.clone() };
        Ok((Self { connection, meter, address: address.clone(), limit }, driver))
    }

    /// Logs in and chooses the database. What a person should know although all is well comes back.
    ///
    /// # Errors
    /// Where the secret cannot be read, or the server does not take it.
    pub(super) async fn log_in(&mut self, endpoint: &Endpoint) -> Result<Option<&'static str>, Failure> {
        let mut warning = None;
        if let Some(place) = &endpoint.password {
            let password = secret::read(place).await?;
            let mut login = cmd("AUTH");
            if let Some(user) = &endpoint.user {
                login.arg(user);
            }
            login.arg(password.expose_secret());
            if let Some(refusal) = self.one(login).await?.refusal() {
                let said = refusal.said();
                if said.contains("without any password configured") || said.contains("no password is set") {
                    warning = Some("this Redis asks nobody for a password, although one is configured");
                } else {
                    let words = format!("Redis at {} does not let us in ({said})", self.address.place);
                    let hint = "before Redis 6 there is a password and no user";
                    return Err(Failure::new(FailureKind::Denied, words).hint(hint));
                }
            }
        }
        if self.address.database != 0
            && let Some(refusal) = self.one(ask::select(self.address.database)).await?.refusal()
        {
            let words = format!("Redis at {} does not give database {}", self.address.place, self.address.database);
            if refusal.code == "NOPERM" {
                return Err(failure::denied(&words, &refusal.said()));
            }
            return Err(Failure::new(FailureKind::Absent, format!("{words} ({})", refusal.said())));
        }
        Ok(warning)
    }

    /// Sends one command.
    ///
    /// # Errors
    /// See [`Link::ask`].
    pub(super) async fn one(&mut self, command: Cmd) -> Result<Reply, Failure> {
        Ok(self.ask(None, vec![command]).await?.pop().unwrap_or(Reply::Nil))
    }

    /// Sends commands and gives their answers in the same order, within the desk's budget.
    ///
    /// # Errors
    /// Where the connection fails, or the server refuses everything.
    pub(super) async fn ask(&mut self, desk: Option<&Desk>, commands: Vec<Cmd>) -> Result<Vec<Reply>, Failure> {
        let wanted = commands.len();
        let mut answers = Vec::with_capacity(wanted);
        let mut commands = commands.into_iter().peekable();
        while commands.peek().is_some() {
            let mut pipeline = Pipeline::new();
            for command in commands.by_ref().take(LONGEST) {
                pipeline.add_command(command);
            }
            let permit = match desk {
                Some(desk) => desk.permit().await,
                None => None,
            };
            let begun = desk.map(Desk::now);
            let read = self.send(&pipeline).await;
            if let Some((desk, begun)) = desk.zip(begun) {
                let took = desk.now().as_millisecond() - begun.as_millisecond();
                desk.called(Some(Duration::from_millis(u64::try_from(took).unwrap_or(0))));
            }
            drop(permit);
            answers.extend(read?);
            if let Some(desk) = desk {
                desk.alive();
            }
        }
        if answers.len() != wanted {
            let words = format!("{} gave {} answers to {wanted} questions", self.address.place, answers.len());
            return Err(Failure::new(FailureKind::Garbled, words));
        }
        Ok(answers)
    }

    async fn send(&mut self, pipeline: &Pipeline) -> Result<Vec<Reply>, Failure> {
        self.meter.reset();
        let sent = self.connection.send_packed_commands(pipeline, 0, pipeline.len()).await;
        let place = &self.address.place;
        let values = sent.map_err(|error| failure::of_client(place, &error, &self.meter, self.limit))?;
        let replies: Vec<Reply> = values.into_iter().map(Reply::from).collect();
        let fatal = replies.iter().filter_map(Reply::refusal).find_map(|refusal| failure::of_refusal(place, refusal));
        fatal.map_or(Ok(replies), Err)
    }

    /// Where it leads to.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }
}
