//! A person with a wallet of the dev chain, who does what a browser does.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::http::{self, Answer};
use crate::world::World;

pub struct Person<'a> {
    world: &'a World,
    origin: String,
    address: String,
    cookie: String,
}

/// An order that waits for its payment.
pub struct Order {
    pub id: String,
    call: Value,
}

impl<'a> Person<'a> {
    /// Signs in by EIP-4361; the chain's node holds the key.
    pub fn sign_in(world: &'a World, address: &str) -> Result<Self> {
        let mut person =
            Self { world, origin: world.url(), address: address.to_owned(), cookie: String::new() };
        let challenge = person.function("challenge", &json!({"address": address}))?;
        let message = challenge["message"].as_str().context("no message to sign")?;
        let hex: String = message.bytes().map(|byte| format!("{byte:02x}")).collect();
        let signature = world.rpc("personal_sign", &json!([format!("0x{hex}"), address]))?;
        person.function("sign_in", &json!({"nonce": challenge["nonce"], "signature": signature}))?;
        Ok(person)
    }

    /// Comes back in another run of the server.
    pub fn with_session(world: &'a World, address: String, cookie: String) -> Self {
        Self { world, origin: world.url(), address, cookie }
    }

    pub fn into_session(self) -> String {
        self.cookie
    }

    /// For a `Cookie` header.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Chooses the first tier of a course; answers where the site leads to.
    fn choose_tier(&mut self, slug: &str) -> Result<String> {
        let page = self.ask("GET", &format!("/courses/{slug}"), "text/html", "")?;
        let tier = field(&page.body, "tier")
            .with_context(|| format!("the page of {slug} offers no tier (status {})", page.status))?;
        let answer = self.ask(
            "POST",
            &format!("/courses/{slug}/buy"),
            "application/x-www-form-urlencoded",
            &format!("tier={tier}"),
        )?;
        match answer.header("location") {
            Some(location) if answer.status == 303 => Ok(location.to_owned()),
            _ => bail!("choosing a tier of {slug}: status {}", answer.status),
        }
    }

    /// Enrols in a free course; answers its first lesson's path.
    pub fn enroll(&mut self, slug: &str) -> Result<String> {
        self.choose_tier(slug)
    }

    pub fn order(&mut self, slug: &str) -> Result<Order> {
        let location = self.choose_tier(slug)?;
        let id = location
            .strip_prefix("/orders/")
            .with_context(|| format!("an order leads to {location}"))?
            .to_owned();
        let call = self.function("wallet_call", &json!({"id": id}))?;
        Ok(Order { id, call })
    }

    /// Sends the payment; the chain mines it at once.
    pub fn pay(&self, order: &Order) -> Result<String> {
        let call = &order.call;
        let transaction = json!([{
            "from": self.address,
            "to": call["to"],
            "data": call["data"],
            "value": call["value"],
        }]);
        let hash = self.world.rpc("eth_sendTransaction", &transaction)?;
        Ok(hash.as_str().context("no transaction hash")?.to_owned())
    }

    pub fn submit(&mut self, order: &Order, hash: &str) -> Result<()> {
        self.function("report", &json!({"id": order.id, "what": {"sent": hash}}))?;
        Ok(())
    }

    pub fn has_access(&mut self, order: &Order) -> Result<bool> {
        let order = self.function("order", &json!({"id": order.id}))?;
        Ok(order["state"] == "paid")
    }

    fn function(&mut self, name: &str, argument: &Value) -> Result<Value> {
        let path = format!("/api/fn/{name}");
        let answer = self.ask("POST", &path, "application/json", &argument.to_string())?;
        if answer.status != 200 {
            bail!("{name}: status {}: {}", answer.status, answer.body);
        }
        serde_json::from_str(&answer.body).with_context(|| format!("{name} answers no JSON"))
    }

    fn ask(&mut self, method: &str, path: &str, kind: &str, body: &str) -> Result<Answer> {
        let headers = [
            ("Origin", self.origin.as_str()),
            ("Sec-Fetch-Site", "same-origin"),
            ("Accept", if kind == "text/html" { kind } else { "*/*" }),
            ("Content-Type", kind),
            ("Cookie", self.cookie.as_str()),
        ];
        let answer = http::send(self.world.port(), method, path, &headers, body)?;
        if let Some(cookie) = answer.header("set-cookie") {
            cookie.split(';').next().unwrap_or_default().clone_into(&mut self.cookie);
        }
        Ok(answer)
    }
}

/// The value of the first form field with that name.
fn field<'h>(html: &'h str, name: &str) -> Option<&'h str> {
    let at = html.find(&format!("name=\"{name}\""))?;
    let start = html[..at].rfind('<')?;
    let end = at + html[at..].find('>')?;
    let (_, value) = html[start..end].split_once("value=\"")?;
    value.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_fields_value_on_either_side_of_its_name() {
        assert_eq!(field("<p><input name=\"tier\" value=\"7\">", "tier"), Some("7"));
        assert_eq!(field("<button value=\"8\" name=\"tier\">Buy", "tier"), Some("8"));
        assert_eq!(field("<input name=\"tier\"><b value=\"9\">", "tier"), None);
    }
}
