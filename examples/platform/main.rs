//! An operations platform: a backend that users call, an engine that judges the last hour, an executor that acts.
//!
//! ```text
//! cargo run --example platform -- [--faults] [--backend-addr HOST:PORT] [--backend-metrics-addr HOST:PORT]
//!     [--engine-addr …] [--engine-metrics-addr …] [--executor-addr …] [--executor-metrics-addr …]
//!     [--requests-per-second N] [--session-lifetime 30m] [--prometheus URL] [--every 5m] [--last 1h] [--most-actions N]
//! cargo run --example platform -- backend|engine|executor [--faults] [--addr HOST:PORT] [--metrics-addr HOST:PORT] …
//! ```
//!
//! The three are programs of their own, so that `up`, a restart and the memory of each are those of a real service. Without a
//! role, one program starts all of them and hands each its flags; with a role it is that one alone, which is told where the
//! others are by `--backend`, `--engine` and `--executor`, and the loop may go through containers or replicas.
//!
//! The loop: the engine reads the last hour of three categories back from Prometheus, tells what is out of the ordinary and
//! how severe that is, asks the backend's policy, and for what is high or critical has the executor act on backend or engine.
//! What came of it is in a list: `GET /audit` of the engine.
//!
//! With `--faults`, `POST /fault/NAME` breaks a service and `DELETE` mends it: the backend is then `failing`, `flaky` or `slow`,
//! the engine `slow`, the executor `failing`. A user that was read before comes from the cache all the same.
//!
//! `/admin/*`, `/actions`, `/policy/evaluate`, `/feedback` and `/audit` ask nobody who he is: they are for a network of services
//! alone.

mod action;
mod backend;
mod client;
mod engine;
mod executor;
mod faults;
mod flags;
mod house;
#[allow(dead_code, reason = "what watches the services reads all of it")]
mod promise;
mod service;

use std::env;

use tower::BoxError;

use crate::{flags::Flags, service::Role};

const ROLES: [Role; 3] = [backend::ROLE, engine::ROLE, executor::ROLE];

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let mut args = env::args().skip(1).peekable();
    let Some(role) = args.next_if(|arg| !arg.starts_with("--")) else {
        return house::run(&Flags::read(args, &house::flags())?).await;
    };
    let Some(role) = ROLES.into_iter().find(|it| it.name == role) else {
        return Err(format!("{role:?} is no role: backend, engine or executor, or none for all three").into());
    };
    let flags = Flags::read(args, &role.flags())?;
    match role.name {
        "backend" => backend::run(&flags).await,
        "engine" => engine::run(&flags).await,
        _ => executor::run(&flags).await,
    }
}
