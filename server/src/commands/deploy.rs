//! `lectern contracts deploy`.

use std::io::{BufRead, IsTerminal};

use academy::chain::{Deployer, deploy as put, dev::Dev};
use serde_json::json;

use crate::{
    cli::{Deploy, DevFeed},
    config::Secret,
    failure::Failure,
};

pub async fn deploy(how: Deploy) -> Result<(), Failure> {
    let deployer = match (&how.dev_account, &how.keystore) {
        (Some(account), _) => Deployer::Unlocked(*account),
        (None, Some(path)) => {
            Deployer::Keystore { path: path.clone(), password: password(&how)?.expose().to_owned() }
        }
        (None, None) => return Err(Failure::Told("name --dev-account or --keystore".to_owned())),
    };
    let deployed = put(&how.rpc_url, deployer, how.owner).await?;
    println!(
        "{}",
        json!({
            "address": deployed.address.checksummed(),
            "block": deployed.block,
            "gas": deployed.gas,
        })
    );
    Ok(())
}

pub async fn dev_feed(how: &DevFeed) -> Result<(), Failure> {
    let feed = Dev::new(&how.rpc_url)?.deploy_feed(how.dev_account, how.rate).await?;
    println!("{}", json!({ "feed": feed.checksummed() }));
    Ok(())
}

fn password(how: &Deploy) -> Result<Secret, Failure> {
    let mut line = String::new();
    if let Some(file) = &how.password_file {
        let text = std::fs::read_to_string(file)
            .map_err(Failure::system(format!("--password-file {}", file.display())))?;
        line.push_str(text.lines().next().unwrap_or_default());
    } else {
        let input = std::io::stdin();
        if input.is_terminal() {
            line = rpassword::prompt_password("Password of the keystore: ")
                .map_err(Failure::system("the terminal"))?;
        } else {
            input.lock().read_line(&mut line).map_err(Failure::system("standard input"))?;
        }
    }
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}
