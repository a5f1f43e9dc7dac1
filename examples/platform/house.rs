//! All three services, each a program of its own, which live and end together.

use std::{env, process::Stdio};

use futures_util::future::{join_all, select_all};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};
use tower::BoxError;

use crate::{
    ROLES,
    flags::Flags,
    service::{Role, terminated},
};

/// A service that was started, and has said where it listens.
struct Started {
    name: &'static str,
    addr: String,
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

/// The flags of all, and for each service where it listens.
pub(crate) fn flags() -> Vec<String> {
    let of_role = |role: Role| {
        let own = role.flags.iter().map(|flag| (*flag).to_owned());
        own.chain(["addr", "metrics-addr"].map(|flag| format!("--{}-{flag}", role.name))).collect::<Vec<_>>()
    };
    ROLES.into_iter().flat_map(of_role).chain(["--faults".to_owned()]).collect()
}

pub(crate) async fn run(flags: &Flags) -> Result<(), BoxError> {
    let mut house = Vec::new();
    for role in &ROLES {
        house.push(Started::new(role, flags).await?);
    }
    // Only now is it known where all of them are.
    let addresses: String = house.iter().map(|it| format!("{}\n", it.addr)).collect();
    for service in &mut house {
        service.input.write_all(addresses.as_bytes()).await?;
        service.print_until("ready").await?;
    }
    println!(
        "ready             try: curl http://{}/users/7; curl http://{}/predict --json '{{\"features\": [0.1, 0.2, 0.3, 0.4]}}'",
        house[0].addr, house[1].addr
    );

    let mut ends: Vec<_> = house.iter_mut().map(|it| Box::pin(it.ended())).collect();
    tokio::select! {
        () = terminated() => {}
        (what, ..) = select_all(&mut ends) => return Err(what.into()),
    }
    drop(ends);
    // Each answers what it has begun to.
    join_all(house.into_iter().map(Started::end)).await;
    Ok(())
}

// ===== impl Started =====

impl Started {
    async fn new(role: &Role, flags: &Flags) -> Result<Self, BoxError> {
        let mut command = Command::new(env::current_exe()?);
        command.args([role.name, "--under-parent"]);
        let given = ["addr", "metrics-addr"]
            .map(|flag| (format!("--{flag}"), format!("--{}-{flag}", role.name)))
            .into_iter()
            .chain(role.flags.iter().map(|flag| ((*flag).to_owned(), (*flag).to_owned())));
        for (its, ours) in given {
            command.args(flags.get(&ours).into_iter().flat_map(|value| [&*its, value]));
        }
        if flags.has("--faults") {
            command.arg("--faults");
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let input = child.stdin.take().expect("it is piped");
        let output = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut this = Self { name: role.name, addr: String::new(), child, input, output };
        let line = this.print_until(role.name).await?;
        this.addr = line.rsplit('/').next().expect("a split has a last part").to_owned();
        this.print_until(&format!("{} metrics", role.name)).await?;
        Ok(this)
    }

    /// Prints its lines up to one that begins so, but for the word that is said once for all.
    async fn print_until(&mut self, begin: &str) -> Result<String, BoxError> {
        while let Some(line) = self.output.next_line().await? {
            if line != "ready" {
                println!("{line}");
            }
            if line.starts_with(begin) {
                return Ok(line);
            }
        }
        Err(self.ended().await.into())
    }

    async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => format!("the {} ended, {status}", self.name),
            Err(error) => format!("the {} is lost: {error}", self.name),
        }
    }

    async fn end(mut self) {
        drop(self.input);
        drop(self.child.wait().await);
    }
}
