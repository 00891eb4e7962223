import { redisScript } from './redis-script.js';

/**
 * What the scripts share: the payer's account as `PayerAccounts` keeps it. KEYS 1 to 5 are always account, running,
 * leases, ended, settled. A running run is `held|counted`; numbers are written without an exponent.
 */
const ACCOUNT = `
local ACCOUNT, RUNNING, LEASES, ENDED, SETTLED = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local KEPT_SECONDS = 3456000
local function whole(number) return string.format('%.0f', number) end
local function field(name) return tonumber(redis.call('HGET', ACCOUNT, name) or '0') end
local function hold_more(micros) redis.call('HINCRBY', ACCOUNT, 'held', whole(micros)) end
local function run_of(id)
  local text = redis.call('HGET', RUNNING, id)
  if not text then return nil end
  local held, counted = string.match(text, '^(%d+)|(%d)$')
  return { held = tonumber(held), counted = counted == '1' }
end
local function count_run(id, run)
  if run.held > 0 then hold_more(-run.held) end
  redis.call('HSET', RUNNING, id, '0|1')
end
local function open(period)
  local known = redis.call('HGET', ACCOUNT, 'period')
  if known and known >= period then return known end
  if known then
    redis.call('DEL', ENDED)
    for _, id in ipairs(redis.call('HKEYS', RUNNING)) do redis.call('HSET', RUNNING, id, '0|1') end
  end
  local limited = redis.call('HGET', ACCOUNT, 'limited') or '1'
  redis.call('DEL', ACCOUNT)
  redis.call('HSET', ACCOUNT, 'period', period, 'settled', '0', 'position', '', 'held', '0', 'limited', limited)
  redis.call('EXPIRE', ACCOUNT, KEPT_SECONDS)
  return period
end
local function release(id)
  local micros = redis.call('HGET', ENDED, id)
  if not micros then return end
  redis.call('HDEL', ENDED, id)
  hold_more(-tonumber(micros))
end
local function has_room(most) return redis.call('HLEN', ENDED) < most end
local function hold(id, micros, most)
  release(id)
  if micros <= 0 or (not has_room(most) and redis.call('HGET', ACCOUNT, 'limited') == '0') then return end
  redis.call('HSET', ENDED, id, whole(micros))
  if redis.call('HLEN', ENDED) == 1 then redis.call('EXPIRE', ENDED, KEPT_SECONDS) end
  hold_more(micros)
end
local function server_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local function start(id, micros, lease_ms)
  redis.call('HSET', RUNNING, id, whole(micros) .. '|0')
  redis.call('ZADD', LEASES, whole(server_ms() + lease_ms), id)
  hold_more(micros)
end
-- Runs of a gateway that died: nobody prolongs them and nobody will end them.
local function drop_dead()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', whole(server_ms()), 'LIMIT', '0', '100')) do
    local run = run_of(id)
    if run then
      if run.held > 0 then hold_more(-run.held) end
      redis.call('HDEL', RUNNING, id)
    end
    redis.call('ZREM', LEASES, id)
  end
end
`;

const BUCKET = `
local INTERVAL_MS = 60000
local function refilled(key, per_minute, now_ms)
  local kept = redis.call('HMGET', key, 'tokens', 'at')
  local capacity = per_minute * 2
  if not kept[1] then return capacity, now_ms end
  local at = tonumber(kept[2])
  local intervals = math.floor((now_ms - at) / INTERVAL_MS)
  local tokens = math.min(capacity, tonumber(kept[1]) + math.max(0, intervals) * per_minute)
  if intervals < -1 then return tokens, now_ms end
  return tokens, at + math.max(0, intervals) * INTERVAL_MS
end
-- Unused for two intervals it is full, as a new one is.
local function keep_bucket(key, tokens, at)
  redis.call('HSET', key, 'tokens', string.format('%.0f', tokens), 'at', string.format('%.0f', at))
  redis.call('PEXPIRE', key, 3 * INTERVAL_MS)
end
`;

/**
 * `decideAdmission` and what it takes, in one step: the order is its order.
 *
 * KEYS 6: bucket, 7: claim. ARGV: run id, claimed, stage, precheck, period, reserve, usage limit, per minute, now,
 * running most, has room, claim time, lease time, holds most; '' is none. Answers the outcome, what was used, and the
 * bucket as it was found, refilled.
 */
export const ADMIT = redisScript(`${ACCOUNT}${BUCKET}
local id, claimed, stage, precheck = ARGV[1], ARGV[2] == '1', ARGV[3], ARGV[4]
local reserve, limit, per_minute = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local now_ms, running_max, room = tonumber(ARGV[9]), tonumber(ARGV[10]), ARGV[11] == '1'
local claim_ms, lease_ms, holds_max = ARGV[12], tonumber(ARGV[13]), tonumber(ARGV[14])
open(ARGV[5])
drop_dead()
if stage == 'start' then
  if run_of(id) then return {'admitted', '0', '', ''} end
  if precheck ~= '' then return {precheck, '0', '', ''} end
  if running_max and redis.call('HLEN', RUNNING) >= running_max then return {'tooManyConcurrent', '0', '', ''} end
  if not room then return {'noRoom', '0', '', ''} end
  hold(id, 0, holds_max)
  start(id, reserve, lease_ms)
  return {'admitted', '0', '', ''}
end
redis.call('HSET', ACCOUNT, 'limited', limit and '1' or '0')
local used = field('settled') + field('held')
local tokens, at, allowed
if per_minute then
  tokens, at = refilled(KEYS[6], per_minute, now_ms)
  allowed = tokens >= 1
end
local function answer(outcome)
  return {outcome, whole(used), tokens and whole(tokens) or '', at and whole(at) or ''}
end
if run_of(id) or redis.call('HEXISTS', ENDED, id) == 1 or (claimed and redis.call('EXISTS', KEYS[7]) == 1) then
  return answer('runIdUsed')
end
if precheck ~= '' then return answer(precheck) end
if limit and (used >= limit or used + reserve > limit) then return answer('overBudget') end
if per_minute and not allowed then
  keep_bucket(KEYS[6], tokens, at)
  return answer('rateLimited')
end
if running_max and redis.call('HLEN', RUNNING) >= running_max then return answer('tooManyConcurrent') end
if not room or (limit and not has_room(holds_max)) then return answer('noRoom') end
if per_minute then keep_bucket(KEYS[6], tokens - 1, at) end
if claimed then redis.call('SET', KEYS[7], '1', 'PX', claim_ms) end
if stage == 'queue' then hold(id, reserve, holds_max) else start(id, reserve, lease_ms) end
return answer('admitted')`);

/** ARGV: run id, cost, period of now, holds most. */
export const FINISH = redisScript(`${ACCOUNT}
local id, cost, holds_max = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4])
local run = run_of(id)
if run then
  redis.call('HDEL', RUNNING, id)
  redis.call('ZREM', LEASES, id)
  if run.held > 0 then hold_more(-run.held) end
  if not run.counted then hold(id, cost, holds_max) end
  return 1
end
if redis.call('ZSCORE', SETTLED, id) then return 0 end
open(ARGV[3])
hold(id, cost, holds_max)
return 1`);

/** ARGV: period, total, position (padded), how many settled runs are remembered, then the runs. */
export const SETTLE = redisScript(`${ACCOUNT}
local period = open(ARGV[1])
for at = 5, #ARGV do
  local id = ARGV[at]
  release(id)
  local run = run_of(id)
  if run and not run.counted then count_run(id, run) end
  redis.call('ZADD', SETTLED, whole(server_ms()), id)
end
if #ARGV > 4 then
  redis.call('ZREMRANGEBYRANK', SETTLED, 0, -1 - tonumber(ARGV[4]))
  redis.call('EXPIRE', SETTLED, 86400)
end
if ARGV[1] ~= period or ARGV[3] < (redis.call('HGET', ACCOUNT, 'position') or '') then return 0 end
redis.call('HSET', ACCOUNT, 'settled', ARGV[2], 'position', ARGV[3])
return 1`);

/** Prolongs runs that go on. KEYS 1: leases. ARGV: lease time, then the runs. */
export const RENEW = redisScript(`
local time = redis.call('TIME')
local until_ms = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) + tonumber(ARGV[1]))
for at = 2, #ARGV do redis.call('ZADD', KEYS[1], 'XX', until_ms, ARGV[at]) end
return 0`);

/** A token of each bucket or of none. KEYS: the buckets. ARGV: per minute, now. Answers each bucket as it was found, refilled. */
export const TAKE = redisScript(`${BUCKET}
local per_minute, now_ms, allowed, states = tonumber(ARGV[1]), tonumber(ARGV[2]), true, {}
for nth, key in ipairs(KEYS) do
  local tokens, at = refilled(key, per_minute, now_ms)
  states[nth] = { tokens, at }
  if tokens < 1 then allowed = false end
end
local reply = {}
for nth, key in ipairs(KEYS) do
  local tokens, at = states[nth][1], states[nth][2]
  keep_bucket(key, allowed and tokens - 1 or tokens, at)
  reply[#reply + 1] = string.format('%.0f', tokens)
  reply[#reply + 1] = string.format('%.0f', at)
end
return reply`);

/** KEYS: a bucket, or a payer's account. */
export const LOOK = redisScript(`return redis.call('HGETALL', KEYS[1])`);
