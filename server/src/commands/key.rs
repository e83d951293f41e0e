//! Opening the key that a command signs with.

use std::io::{BufRead, IsTerminal};

use academy::chain::Key;

use crate::{cli::KeyArgs, config::Secret, failure::Failure};

/// The key that the arguments name, with its password read.
pub fn key(args: &KeyArgs) -> Result<Key, Failure> {
    #[cfg(feature = "kms")]
    if let Some(id) = &args.aws_kms {
        return Ok(Key::AwsKms { id: id.clone() });
    }
    match (&args.dev_account, &args.keystore) {
        (Some(account), _) => Ok(Key::Unlocked(*account)),
        (None, Some(path)) => {
            Ok(Key::Keystore { path: path.clone(), password: password(args)?.expose().to_owned() })
        }
        (None, None) => Err(Failure::Told("name --dev-account or --keystore".to_owned())),
    }
}

fn password(args: &KeyArgs) -> Result<Secret, Failure> {
    let mut line = String::new();
    if let Some(file) = &args.password_file {
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
