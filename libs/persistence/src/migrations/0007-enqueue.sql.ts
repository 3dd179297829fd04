import { channels, limits, priorities } from '@baton/contracts';

/** A UUIDv7 whose ids of one session ascend: milliseconds, then the microseconds' part in the 12 bits after the version. */
const newId = `
CREATE FUNCTION baton.new_id() RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT encode(overlay(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send(us / 1000) FROM 3) FROM 1 FOR 6)
    PLACING substring(int8send(28672 + (us % 1000) * 4096 / 1000) FROM 7) FROM 7 FOR 2), 'hex')::uuid
  FROM (SELECT floor(extract(epoch FROM baton.now()) * 1000000)::bigint AS us) clock
$$`;

const durationMs = `
CREATE FUNCTION baton.duration_ms(value jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN jsonb_typeof(value) = 'number' AND value #>> '{}' ~ '^[0-9]{1,14}$' THEN (value #>> '{}')::bigint
    WHEN jsonb_typeof(value) = 'string' AND value #>> '{}' ~ '^[0-9]{1,12}(ms|s|m|h|d)$' THEN
      substring(value #>> '{}' FROM '^[0-9]+')::bigint * CASE substring(value #>> '{}' FROM '[a-z]+$')
        WHEN 'ms' THEN 1 WHEN 's' THEN 1000 WHEN 'm' THEN 60000 WHEN 'h' THEN 3600000 ELSE 86400000 END
  END
$$`;

/** The message ends in the error's code, which every driver hands on, whatever else it does with an error. */
const refuse = `
CREATE FUNCTION baton.refuse_enqueue(code text, message text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('baton.enqueue: %s (%s)', message, code);
END $$`;

const checkedText = `
CREATE FUNCTION baton.checked_text(options jsonb, name text, most integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  value jsonb := options -> name;
BEGIN
  IF value IS NULL THEN RETURN NULL; END IF;
  IF jsonb_typeof(value) <> 'string' OR octet_length(value #>> '{}') NOT BETWEEN 1 AND most THEN
    PERFORM baton.refuse_enqueue('invalid_request', format('%s must be a text of 1 to %s bytes, got %s', name, most, left(value::text, 80)));
  END IF;
  RETURN value #>> '{}';
END $$`;

const checkedDuration = `
CREATE FUNCTION baton.checked_duration(value jsonb, name text, least_ms bigint, most_ms bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  ms bigint := baton.duration_ms(value);
BEGIN
  IF value IS NULL THEN RETURN NULL; END IF;
  IF ms IS NULL OR ms NOT BETWEEN least_ms AND most_ms THEN
    PERFORM baton.refuse_enqueue('invalid_request', format(
      '%s must be a duration of %s to %s ms, such as "250ms", "2s", "5m", "1h", or milliseconds, got %s', name, least_ms, most_ms, left(value::text, 80)));
  END IF;
  RETURN ms;
END $$`;

const ahead = limits.aheadMs;
const checkedBackoff = `
CREATE FUNCTION baton.checked_backoff(value jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  kind text := value ->> 'type';
  known text[] := CASE kind WHEN 'exponential' THEN '{type,delay,factor,max,jitter}' WHEN 'fixed' THEN '{type,delay}'
    WHEN 'list' THEN '{type,delays}' END;
  stranger text;
BEGIN
  IF value IS NULL THEN RETURN NULL; END IF;
  IF jsonb_typeof(value) <> 'object' OR known IS NULL THEN
    PERFORM baton.refuse_enqueue('invalid_request', 'backoff must be an object whose type is "exponential", "fixed" or "list"');
  END IF;
  SELECT k INTO stranger FROM jsonb_object_keys(value) k WHERE k <> ALL (known) LIMIT 1;
  IF stranger IS NOT NULL THEN
    PERFORM baton.refuse_enqueue('invalid_request', format('backoff.%s is not known; a %s one has %s', stranger, kind, array_to_string(known, ', ')));
  END IF;
  IF kind = 'fixed' THEN
    RETURN jsonb_build_object('type', kind, 'delay', baton.checked_duration(coalesce(value -> 'delay', 'null'), 'backoff.delay', 0, ${ahead}));
  ELSIF kind = 'list' THEN
    IF jsonb_typeof(value -> 'delays') IS DISTINCT FROM 'array' OR jsonb_array_length(value -> 'delays') NOT BETWEEN 1 AND ${limits.maxAttempts} THEN
      PERFORM baton.refuse_enqueue('invalid_request', 'backoff.delays must be a list of 1 to ${limits.maxAttempts} durations');
    END IF;
    RETURN jsonb_build_object('type', kind, 'delays', (
      SELECT jsonb_agg(baton.checked_duration(d, 'backoff.delays', 0, ${ahead}) ORDER BY n) FROM jsonb_array_elements(value -> 'delays') WITH ORDINALITY AS e(d, n)));
  END IF;
  IF jsonb_typeof(coalesce(value -> 'factor', '2')) <> 'number' OR coalesce(value ->> 'factor', '2')::float8 NOT BETWEEN 1 AND 100
    OR jsonb_typeof(coalesce(value -> 'jitter', '0.2')) <> 'number' OR coalesce(value ->> 'jitter', '0.2')::float8 NOT BETWEEN 0 AND 1 THEN
    PERFORM baton.refuse_enqueue('invalid_request', 'backoff.factor must be a number from 1 to 100, backoff.jitter one from 0 to 1');
  END IF;
  RETURN jsonb_build_object('type', kind, 'delay', coalesce(baton.checked_duration(value -> 'delay', 'backoff.delay', 0, ${ahead}), 1000),
    'factor', coalesce(value -> 'factor', '2'), 'max', coalesce(baton.checked_duration(value -> 'max', 'backoff.max', 0, ${ahead}), 3600000),
    'jitter', coalesce(value -> 'jitter', '0.2'));
END $$`;

const options = [
  'priority',
  'orderingKey',
  'concurrencyKey',
  'runAt',
  'delay',
  'maxAttempts',
  'backoff',
  'timeout',
  'expectWithin',
  'metadata',
  'traceparent',
  'tracestate',
  'baggage',
];

/**
 * It runs in a transaction of its caller, which may stay open for long: so it reads and inserts, and locks nothing. What
 * needs locks (a place in a lane, a slot of a limit) is done by the relay's admission, which the NOTIFY wakes at commit.
 */
const enqueue = `
CREATE FUNCTION baton.enqueue(tenant text, queue text, payload text, options jsonb DEFAULT '{}') RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  given jsonb := coalesce(enqueue.options, '{}');
  owner uuid;
  q record;
  stranger text;
  rank smallint;
  due timestamptz;
  job_id uuid := baton.new_id();
  key text;
  now timestamptz := baton.now();
BEGIN
  SELECT t.id INTO owner FROM baton.tenant t WHERE t.name = enqueue.tenant;
  IF owner IS NULL AND enqueue.tenant ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
    SELECT t.id INTO owner FROM baton.tenant t WHERE t.id = enqueue.tenant::uuid;
  END IF;
  IF owner IS NULL THEN
    PERFORM baton.refuse_enqueue('not_found', format('there is no tenant "%s"', enqueue.tenant));
  END IF;
  SELECT * INTO q FROM baton.queue b WHERE b.name = enqueue.queue;
  IF NOT FOUND THEN
    PERFORM baton.refuse_enqueue('unknown_queue', format('there is no queue "%s"; make it by PUT /v1/queues/%s, or start a worker with a handler for it', enqueue.queue, enqueue.queue));
  END IF;
  IF enqueue.payload IS NULL OR octet_length(enqueue.payload) > ${limits.payloadBytes} THEN
    PERFORM baton.refuse_enqueue('payload_too_large', format('the payload has %s bytes; allowed: ${limits.payloadBytes}', coalesce(octet_length(enqueue.payload)::text, 'no')));
  END IF;
  BEGIN
    PERFORM enqueue.payload::json;
  EXCEPTION WHEN invalid_text_representation THEN
    PERFORM baton.refuse_enqueue('invalid_json', 'the payload is not JSON');
  END;
  IF jsonb_typeof(given) <> 'object' THEN
    PERFORM baton.refuse_enqueue('invalid_request', 'options must be an object');
  END IF;
  SELECT k INTO stranger FROM jsonb_object_keys(given) k WHERE k <> ALL ('{${options.join(',')}}'::text[]) LIMIT 1;
  IF stranger IS NOT NULL THEN
    PERFORM baton.refuse_enqueue('invalid_request', format('option "%s" is not known; there are ${options.join(', ')}', stranger));
  END IF;
  rank := CASE coalesce(given ->> 'priority', 'normal') ${Object.entries(priorities)
    .map(([name, value]) => `WHEN '${name}' THEN ${value}`)
    .join(' ')} END;
  IF rank IS NULL THEN
    PERFORM baton.refuse_enqueue('invalid_request', format('priority must be "high", "normal" or "low", got "%s"', given ->> 'priority'));
  END IF;
  IF given ? 'runAt' AND given ? 'delay' THEN
    PERFORM baton.refuse_enqueue('invalid_request', 'delay must be left out where runAt is given');
  ELSIF given ? 'runAt' THEN
    BEGIN
      IF given ->> 'runAt' ~ '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d.*(Z|[+-]\\d\\d:?\\d\\d)$' THEN due := (given ->> 'runAt')::timestamptz; END IF;
    EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format THEN
      due := NULL;
    END;
    IF due IS NULL OR due > now + ${ahead} * interval '1 ms' THEN
      PERFORM baton.refuse_enqueue('invalid_request', format('runAt must be an ISO 8601 time with its zone, at most a year ahead, got %s', left((given -> 'runAt')::text, 80)));
    END IF;
  ELSE
    due := now + baton.checked_duration(given -> 'delay', 'delay', 0, ${ahead}) * interval '1 ms';
  END IF;
  IF given ? 'maxAttempts' AND (jsonb_typeof(given -> 'maxAttempts') <> 'number' OR given ->> 'maxAttempts' !~ '^[0-9]{1,3}$'
    OR (given ->> 'maxAttempts')::int NOT BETWEEN 1 AND ${limits.maxAttempts}) THEN
    PERFORM baton.refuse_enqueue('invalid_request', format('maxAttempts must be an integer from 1 to ${limits.maxAttempts}, got %s', left((given -> 'maxAttempts')::text, 80)));
  END IF;
  IF given ? 'metadata' AND (jsonb_typeof(given -> 'metadata') <> 'object'
    OR (SELECT count(*) > ${limits.metadataEntries} OR bool_or(jsonb_typeof(m.value) <> 'string' OR octet_length(m.value #>> '{}') > ${limits.metadataBytes}
      OR octet_length(m.key) > ${limits.metadataBytes}) FROM jsonb_each(CASE jsonb_typeof(given -> 'metadata') WHEN 'object' THEN given -> 'metadata' ELSE '{}' END) m)) THEN
    PERFORM baton.refuse_enqueue('invalid_request', 'metadata must be at most ${limits.metadataEntries} texts by name, each of at most ${limits.metadataBytes} bytes');
  END IF;
  key := baton.checked_text(given, 'orderingKey', ${limits.orderingKeyBytes});
  INSERT INTO baton.job (id, tenant_id, queue, state, reason, priority, ordering_key, concurrency_key, payload, metadata,
    max_attempts, backoff, timeout_ms, expect_ms, seq, created_at, run_at, follows, traceparent, tracestate, baggage)
  VALUES (job_id, owner, q.name, 'held', 'admission', rank, key,
    coalesce(baton.checked_text(given, 'concurrencyKey', ${limits.concurrencyKeyBytes}), key), enqueue.payload, given -> 'metadata',
    coalesce((given ->> 'maxAttempts')::int, q.max_attempts), baton.checked_backoff(given -> 'backoff'),
    coalesce(baton.checked_duration(given -> 'timeout', 'timeout', 1, ${limits.timeoutMs}), q.timeout_ms),
    coalesce(baton.checked_duration(given -> 'expectWithin', 'expectWithin', 1, ${limits.expectMs}), q.expect_ms),
    2, now, due, q.events, baton.checked_text(given, 'traceparent', 128), baton.checked_text(given, 'tracestate', 512),
    baton.checked_text(given, 'baggage', 8192));
  PERFORM pg_notify('${channels.admission}', '1');
  RETURN job_id;
END $$`;

const enqueueJson = `
CREATE FUNCTION baton.enqueue(tenant text, queue text, payload jsonb, options jsonb DEFAULT '{}') RETURNS uuid LANGUAGE sql
AS 'SELECT baton.enqueue(tenant, queue, payload::text, options)'`;

// It writes for any tenant, with its owner's rights: who may call it is granted by name.
const rights = `
REVOKE ALL ON FUNCTION baton.enqueue(text, text, text, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION baton.enqueue(text, text, jsonb, jsonb) FROM PUBLIC;
`;

export const enqueueFunctions = [
  newId,
  durationMs,
  refuse,
  checkedText,
  checkedDuration,
  checkedBackoff,
  enqueue,
  enqueueJson,
  rights,
];
