-- The spine. Same tables, columns and order as ../sqlite/0001_spine.sql; a test compares them.
-- House dialect: ids are UUIDs, times are milliseconds since 1970, wei is decimal text,
-- addresses and hashes are lower-case hexadecimal text with 0x. `search` is what a list is searched
-- in, made lower-case in Rust: SQLite's LOWER knows only ASCII.

CREATE TABLE users (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    bio TEXT NOT NULL,
    search TEXT NOT NULL,
    instructor BOOLEAN NOT NULL,
    admin BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE wallets (
    address TEXT NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX wallets_user ON wallets (user_id);

CREATE TABLE sessions (
    id UUID NOT NULL PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    address TEXT REFERENCES wallets (address),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE challenges (
    nonce TEXT NOT NULL PRIMARY KEY,
    session_id UUID NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    message TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used BOOLEAN NOT NULL
);
CREATE INDEX challenges_session ON challenges (session_id);

CREATE TABLE audit_log (
    id UUID NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_id UUID REFERENCES users (id),
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    search TEXT NOT NULL
);
CREATE INDEX audit_log_at ON audit_log (at);

CREATE TABLE courses (
    id UUID NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    promise TEXT NOT NULL,
    description TEXT NOT NULL,
    outcomes TEXT NOT NULL,
    level TEXT NOT NULL,
    state TEXT NOT NULL,
    teacher_id UUID NOT NULL REFERENCES users (id),
    cover_id UUID,
    search TEXT NOT NULL,
    version BIGINT NOT NULL,
    tiers_made BIGINT NOT NULL,
    publish_wanted BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    published_at BIGINT
);
CREATE INDEX courses_state ON courses (state, published_at);
CREATE INDEX courses_teacher ON courses (teacher_id);

CREATE TABLE modules (
    id UUID NOT NULL PRIMARY KEY,
    course_id UUID NOT NULL REFERENCES courses (id),
    position BIGINT NOT NULL,
    title TEXT NOT NULL
);
CREATE INDEX modules_course ON modules (course_id, position);

CREATE TABLE lessons (
    id UUID NOT NULL PRIMARY KEY,
    course_id UUID NOT NULL REFERENCES courses (id),
    module_id UUID NOT NULL REFERENCES modules (id),
    position BIGINT NOT NULL,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    minutes BIGINT NOT NULL,
    access BIGINT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (course_id, slug)
);
CREATE INDEX lessons_module ON lessons (module_id, position);

CREATE TABLE tiers (
    id UUID NOT NULL PRIMARY KEY,
    course_id UUID NOT NULL REFERENCES courses (id),
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    price TEXT NOT NULL,
    level BIGINT NOT NULL,
    removed BOOLEAN NOT NULL,
    UNIQUE (course_id, number)
);

CREATE TABLE media (
    id UUID NOT NULL PRIMARY KEY,
    course_id UUID NOT NULL REFERENCES courses (id),
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX media_course ON media (course_id);

CREATE TABLE listings (
    course_id UUID NOT NULL PRIMARY KEY REFERENCES courses (id),
    chain_id BIGINT NOT NULL,
    market TEXT NOT NULL,
    number BIGINT NOT NULL,
    lister TEXT NOT NULL,
    payee TEXT NOT NULL,
    listed_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (chain_id, market, number)
);

CREATE TABLE listed_tiers (
    course_id UUID NOT NULL REFERENCES courses (id),
    number BIGINT NOT NULL,
    price TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    PRIMARY KEY (course_id, number)
);

-- One row; see store/version.rs.
CREATE TABLE public_version (
    version BIGINT NOT NULL
);
INSERT INTO public_version (version) VALUES (0);

CREATE TABLE enrollments (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    course_id UUID NOT NULL REFERENCES courses (id),
    order_id UUID UNIQUE,
    level BIGINT NOT NULL,
    source TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX enrollments_user ON enrollments (user_id, course_id);
CREATE INDEX enrollments_course ON enrollments (course_id);

CREATE TABLE progress (
    user_id UUID NOT NULL REFERENCES users (id),
    lesson_id UUID NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
    course_id UUID NOT NULL REFERENCES courses (id),
    done_at BIGINT,
    position BIGINT NOT NULL,
    visited_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, lesson_id)
);
CREATE INDEX progress_course ON progress (user_id, course_id);

CREATE TABLE orders (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    course_id UUID NOT NULL REFERENCES courses (id),
    tier_id UUID NOT NULL REFERENCES tiers (id),
    tier_number BIGINT NOT NULL,
    tier_name TEXT NOT NULL,
    level BIGINT NOT NULL,
    chain_id BIGINT NOT NULL,
    market TEXT NOT NULL,
    listing BIGINT NOT NULL,
    token TEXT NOT NULL,
    price TEXT NOT NULL,
    beneficiary TEXT NOT NULL,
    state TEXT NOT NULL,
    setback TEXT,
    confirmations BIGINT NOT NULL,
    is_final BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    paid_at BIGINT,
    revision BIGINT NOT NULL
);
CREATE INDEX orders_user ON orders (user_id, created_at);
CREATE INDEX orders_course ON orders (course_id, state);
CREATE INDEX orders_state ON orders (state, is_final);
-- One order that asks for money per person and course. A payment may still arrive for an older one,
-- whose price had run out, so what is being confirmed does not count.
CREATE UNIQUE INDEX orders_one_under_way ON orders (user_id, course_id)
    WHERE state IN ('open', 'submitted');

CREATE TABLE submissions (
    order_id UUID NOT NULL REFERENCES orders (id),
    tx_hash TEXT NOT NULL,
    sender TEXT,
    nonce BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (order_id, tx_hash)
);
CREATE INDEX submissions_hash ON submissions (tx_hash);

CREATE TABLE payments (
    id UUID NOT NULL PRIMARY KEY,
    chain_id BIGINT NOT NULL,
    tx_hash TEXT NOT NULL,
    log_index BIGINT NOT NULL,
    market TEXT NOT NULL,
    block_number BIGINT NOT NULL,
    block_hash TEXT NOT NULL,
    order_id UUID REFERENCES orders (id),
    beneficiary TEXT NOT NULL,
    listing BIGINT NOT NULL,
    tier_number BIGINT NOT NULL,
    token TEXT NOT NULL,
    amount TEXT NOT NULL,
    standing TEXT NOT NULL,
    setback TEXT,
    seen_at BIGINT NOT NULL,
    UNIQUE (chain_id, tx_hash, log_index)
);
CREATE INDEX payments_order ON payments (order_id);
CREATE INDEX payments_standing ON payments (standing, seen_at);

CREATE TABLE payouts (
    chain_id BIGINT NOT NULL,
    tx_hash TEXT NOT NULL,
    log_index BIGINT NOT NULL,
    payee TEXT NOT NULL,
    amount TEXT NOT NULL,
    block_number BIGINT NOT NULL,
    block_hash TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (chain_id, tx_hash, log_index)
);
CREATE INDEX payouts_payee ON payouts (payee);

CREATE TABLE chain_cursors (
    chain_id BIGINT NOT NULL,
    market TEXT NOT NULL,
    next_block BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (chain_id, market)
);

CREATE TABLE chain_blocks (
    chain_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (chain_id, number)
);

CREATE TABLE jobs (
    id UUID NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject UUID NOT NULL,
    run_at BIGINT NOT NULL,
    asked BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    last_error TEXT,
    UNIQUE (kind, subject)
);
CREATE INDEX jobs_due ON jobs (run_at);
