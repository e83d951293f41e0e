//! What we sign to sign in: a message of EIP-4361 that names this site, this account and this chain, and
//! nothing that we can't read. A message of another site, signed here, would be a session there.

use academy::{accounts::Challenge, evm::Address};

use super::stop::Stop;
use crate::config::PublicUrl;

/// Refuses a message that is not ours to sign.
pub fn check(challenge: &Challenge, site: &PublicUrl, account: Address, chain_id: u64) -> Result<(), Stop> {
    let wrong = |what: &str| {
        Stop::refused(format!(
            "the site asks to sign a sign-in message {what}, so nothing was signed; is --site the address that \
             the site has as server.public_url?"
        ))
    };
    let mut lines = challenge.message.lines();
    let first = lines.next().unwrap_or_default();
    let Some(domain) = first.strip_suffix(" wants you to sign in with your Ethereum account:") else {
        return wrong("that is none of EIP-4361");
    };
    // A scheme before the domain is allowed, and must be ours too.
    if domain != site.authority() && domain != site.to_string() {
        return wrong(&format!("for {}, and this is {}", shown(domain), site.authority()));
    }
    if lines.next() != Some(&account.checksummed()) {
        return wrong("for another account");
    }
    let mut fields = lines.skip_while(|line| !line.starts_with("URI: "));
    let uri = fields.next().and_then(|line| line.strip_prefix("URI: ")).unwrap_or_default();
    if uri.trim_end_matches('/') != site.to_string() {
        return wrong(&format!("for {}, and this is {site}", shown(uri)));
    }
    let chain_id = chain_id.to_string();
    let expected = [("Version: ", "1"), ("Chain ID: ", &chain_id), ("Nonce: ", &challenge.nonce)];
    for (name, value) in expected {
        if fields.next().and_then(|line| line.strip_prefix(name)) != Some(value) {
            return wrong(&format!("without “{name}{value}”"));
        }
    }
    let times = ["Issued At: ", "Expiration Time: ", "Not Before: "];
    match fields.find(|line| !times.iter().any(|name| line.starts_with(name))) {
        Some(_) => wrong("with more in it than signing in"),
        None => Ok(()),
    }
}

/// A text from outside, for one line of a terminal.
fn shown(text: &str) -> String {
    text.chars().filter(|letter| letter.is_ascii_graphic()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2";

    fn message() -> String {
        format!(
            "courses.example wants you to sign in with your Ethereum account:\n{}\n\nSign in to Lectern.\n\n\
             URI: https://courses.example\nVersion: 1\nChain ID: 11155111\nNonce: 32891756\n\
             Issued At: 2021-09-30T16:11:25Z\nExpiration Time: 2021-09-30T16:21:25Z",
            ACCOUNT.parse::<Address>().unwrap().checksummed()
        )
    }

    fn check_message(message: String) -> Result<(), Stop> {
        let challenge = Challenge { nonce: "32891756".to_owned(), message };
        check(&challenge, &"https://courses.example".parse().unwrap(), ACCOUNT.parse().unwrap(), 11_155_111)
    }

    #[test]
    fn signs_for_this_site_and_account_only() {
        assert_eq!(check_message(message()), Ok(()));
        let changes = [
            ("courses.example wants", "evil.example wants"),
            ("courses.example wants", "courses.example.evil.example wants"),
            ("wants you to sign in", "asks you to sign in"),
            ("0xC02aaA39", "0xC02aaA38"),
            ("URI: https://courses.example", "URI: https://evil.example"),
            ("URI: https://courses.example", "URI: http://courses.example"),
            ("Chain ID: 11155111", "Chain ID: 1"),
            ("Nonce: 32891756", "Nonce: 32891757"),
            ("Version: 1", "Version: 2"),
            ("\nIssued At", "\nResources:\n- https://evil.example\nIssued At"),
        ];
        for (ours, theirs) in changes {
            let changed = message().replace(ours, theirs);
            assert_ne!(changed, message(), "{ours}");
            let stop = check_message(changed).unwrap_err();
            assert!(stop.to_string().contains("nothing was signed"), "{stop}");
        }
        assert!(check_message(String::new()).is_err());
    }
}
