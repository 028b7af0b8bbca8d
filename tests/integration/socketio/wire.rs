//! A client of Engine.IO that hides nothing: packets as text, and requests as they are.

use std::{
    collections::VecDeque,
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use tungstenite::{Message, WebSocket};

const PATIENCE: Duration = Duration::from_secs(10);

/// How packets travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    Polling,
    WebSocket,
}

/// One client.
pub struct Client {
    pub address: SocketAddr,
    pub path: &'static str,
    pub version: u8,
    pub sid: String,
    pub socket: Option<WebSocket<TcpStream>>,
    inbox: VecDeque<String>,
}

/// One request; status and body.
pub fn http(address: SocketAddr, method: &str, path: &str, body: Option<&[u8]>) -> (u16, String) {
    http_as(address, method, path, body, "text/plain;charset=UTF-8")
}

pub fn http_as(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: Option<&[u8]>,
    kind: &str,
) -> (u16, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .allow_non_standard_methods(true)
        .build()
        .into();
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("http://{address}{path}"))
        .header("content-type", kind);
    let response = match body {
        Some(body) => agent.run(request.body(body).unwrap()),
        None => agent.run(request.body(()).unwrap()),
    };
    let mut response = response.unwrap();
    let status = response.status().as_u16();
    (status, response.body_mut().read_to_string().unwrap())
}

/// The packets of a text body.
pub fn packets(version: u8, body: &str) -> Vec<String> {
    if version == 4 {
        return body.split('\u{1e}').map(str::to_owned).collect();
    }
    let mut rest: Vec<u16> = body.encode_utf16().collect();
    let mut packets = Vec::new();
    while !rest.is_empty() {
        let colon = rest
            .iter()
            .position(|unit| *unit == u16::from(b':'))
            .unwrap();
        let length: usize = String::from_utf16(&rest[..colon]).unwrap().parse().unwrap();
        let end = colon + 1 + length;
        packets.push(String::from_utf16(&rest[colon + 1..end]).unwrap());
        rest.drain(..end);
    }
    packets
}

/// A text body of these packets.
pub fn body(version: u8, packets: &[&str]) -> String {
    if version == 4 {
        return packets.join("\u{1e}");
    }
    let with_length = |packet: &&str| format!("{}:{packet}", packet.encode_utf16().count());
    packets.iter().map(with_length).collect()
}

impl Client {
    /// A new session; the open packet is read.
    pub fn open(address: SocketAddr, path: &'static str, version: u8, carrier: Carrier) -> Self {
        let mut client = Self {
            address,
            path,
            version,
            sid: String::new(),
            socket: None,
            inbox: VecDeque::new(),
        };
        let open = match carrier {
            Carrier::Polling => {
                let (status, text) = http(address, "GET", &client.url("polling"), None);
                assert_eq!(status, 200, "{text}");
                let mut all = packets(version, &text);
                assert_eq!(all.len(), 1, "the open packet stands alone: {text}");
                all.remove(0)
            }
            Carrier::WebSocket => {
                client.socket = Some(client.connect().expect("an upgrade"));
                client.next()
            }
        };
        let open: serde_json::Value =
            serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        client.sid = serde_json::from_value(open["sid"].clone()).unwrap();
        let upgrades = usize::from(carrier == Carrier::Polling);
        assert_eq!(open["upgrades"].as_array().unwrap().len(), upgrades);
        client
    }

    /// A session that polls, by its id.
    pub fn of(address: SocketAddr, version: u8, sid: &str) -> Self {
        Self {
            address,
            path: "/socket.io/",
            version,
            sid: sid.to_owned(),
            socket: None,
            inbox: VecDeque::new(),
        }
    }

    /// The same session once more; nothing is left unread.
    pub fn again(&self) -> Self {
        assert!(self.inbox.is_empty());
        Self::of(self.address, self.version, &self.sid)
    }

    /// In the main namespace, as each protocol does it.
    pub fn join(address: SocketAddr, version: u8, carrier: Carrier) -> Self {
        let mut client = Self::open(address, "/socket.io/", version, carrier);
        if version == 4 {
            client.send("40");
        }
        let connected = client.next();
        assert!(connected.starts_with("40"), "{connected}");
        client
    }

    /// The address of a request of this session.
    pub fn url(&self, transport: &str) -> String {
        let (path, version) = (self.path, self.version);
        let base = format!("{path}?EIO={version}&transport={transport}&b64=1");
        if self.sid.is_empty() {
            base
        } else {
            format!("{base}&sid={}", self.sid)
        }
    }

    /// A WebSocket of this session, or for a new one; the status where it is refused.
    pub fn connect(&self) -> Result<WebSocket<TcpStream>, u16> {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let url = format!("ws://{}{}", self.address, self.url("websocket"));
        match tungstenite::client(url, stream) {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                Err(response.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub fn poll(&self) -> (u16, String) {
        http(self.address, "GET", &self.url("polling"), None)
    }

    pub fn post(&self, packets: &[&str]) -> (u16, String) {
        let body = body(self.version, packets);
        self.post_raw(body.as_bytes())
    }

    pub fn post_raw(&self, body: &[u8]) -> (u16, String) {
        http(self.address, "POST", &self.url("polling"), Some(body))
    }

    /// Sends one packet.
    pub fn send(&mut self, packet: &str) {
        match &mut self.socket {
            Some(socket) => socket.send(Message::text(packet)).unwrap(),
            None => assert_eq!(self.post(&[packet]), (200, "ok".to_owned()), "{packet}"),
        }
    }

    /// The next packet; pings are answered on the way. `b` and base64 for bytes by polling.
    pub fn next(&mut self) -> String {
        loop {
            let Some(packet) = self.inbox.pop_front() else {
                self.fetch();
                continue;
            };
            if packet == "2" && self.version == 4 {
                self.send("3");
            } else {
                return packet;
            }
        }
    }

    fn fetch(&mut self) {
        let Some(socket) = &mut self.socket else {
            let (status, text) = self.poll();
            assert_eq!(status, 200, "{text}");
            self.inbox.extend(packets(self.version, &text));
            return;
        };
        self.inbox
            .push_back(match socket.read().expect("a packet") {
                Message::Text(text) => text.to_string(),
                other => format!("{other:?}"),
            });
    }

    /// The close code that comes, after whatever else.
    pub fn closed(&mut self) -> u16 {
        let socket = self.socket.as_mut().expect("a WebSocket");
        loop {
            match socket.read() {
                Ok(Message::Close(frame)) => return frame.map_or(1005, |f| f.code.into()),
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}
