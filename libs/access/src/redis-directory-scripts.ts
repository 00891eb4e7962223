import { redisScript } from './redis-script.js';

/**
 * Sets fields, each unless it holds a newer or the same position, and says so to everybody: one number more, one line
 * of the change stream, one message. A call that changes nothing is not told.
 *
 * KEYS: sequence, changes, position, then each entry. ARGV: stream length, channel, highest position, then for each
 * entry its name, how many fields, and field, position, value of each. Positions are padded, so they compare as text.
 */
export const APPLY = redisScript(`
local touched, at = {}, 4
for k = 4, #KEYS do
  local name, count, changed = ARGV[at], tonumber(ARGV[at + 1]), false
  at = at + 2
  for _ = 1, count do
    local field, position, value = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    at = at + 3
    local known = redis.call('HGET', KEYS[k], field)
    if not known or string.sub(known, 1, #position) < position then
      redis.call('HSET', KEYS[k], field, position .. value)
      changed = true
    end
  end
  if changed then touched[#touched + 1] = name end
end
local highest = redis.call('GET', KEYS[3])
if not highest or highest < ARGV[3] then
  highest = ARGV[3]
  redis.call('SET', KEYS[3], highest)
end
local sequence = redis.call('GET', KEYS[1]) or '0'
if #touched > 0 then
  sequence = redis.call('INCR', KEYS[1])
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[1], sequence .. '-0', 'names', cjson.encode(touched))
  redis.call('PUBLISH', ARGV[2], sequence)
end
return {tostring(sequence), highest}`);

/** KEYS: epoch, sequence, entry. */
export const READ = redisScript(`
return {redis.call('GET', KEYS[1]) or '', redis.call('GET', KEYS[2]) or '0', redis.call('HGETALL', KEYS[3])}`);

/**
 * What a member of the fleet asks for again and again: it says how far its copy is and gets what came after. Only a
 * member whose copy belongs to the epoch of now is entered; one of another epoch gets no changes, it has to begin anew.
 *
 * KEYS: epoch, sequence, position, changes, members. ARGV: member, epoch of its copy, its sequence, its record (JSON),
 * channel of confirmations, most changes.
 */
export const SYNC = redisScript(`
local epoch, sequence = redis.call('GET', KEYS[1]) or '', redis.call('GET', KEYS[2]) or '0'
local position = redis.call('GET', KEYS[3]) or '0'
if epoch == '' or epoch ~= ARGV[2] then return {epoch, sequence, position, {}} end
local before = redis.call('HGET', KEYS[5], ARGV[1])
redis.call('HSET', KEYS[5], ARGV[1], ARGV[4])
local known = before and cjson.decode(before)
if not known or known.sequence ~= ARGV[3] then redis.call('PUBLISH', ARGV[5], ARGV[1]) end
local changes = {}
if tonumber(ARGV[3]) < tonumber(sequence) then
  changes = redis.call('XRANGE', KEYS[4], string.format('%.0f', tonumber(ARGV[3]) + 1) .. '-0', '+', 'COUNT', ARGV[6])
end
return {epoch, sequence, position, changes}`);

/** KEYS: epoch, sequence, members. */
export const MEMBERS = redisScript(`
return {redis.call('GET', KEYS[1]) or '', redis.call('GET', KEYS[2]) or '0', redis.call('HGETALL', KEYS[3])}`);

/** Takes members out whose record is still the given one. KEYS: members. ARGV: member and record, in turn; '' is any. */
export const FORGET = redisScript(`
for at = 1, #ARGV, 2 do
  if ARGV[at + 1] == '' or redis.call('HGET', KEYS[1], ARGV[at]) == ARGV[at + 1] then
    redis.call('HDEL', KEYS[1], ARGV[at])
  end
end
return 0`);

/** Notes that somebody applies the whole log. KEYS: a mark of his own. ARGV: how long it is kept, in seconds. */
export const MARK = redisScript(`return redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])`);

/**
 * Begins an epoch when there is none of this run of the server. The mark proves that nothing was flushed since the
 * applying began. KEYS: epoch, mark. ARGV: the new epoch, the run.
 */
export const BEGIN = redisScript(`
if redis.call('DEL', KEYS[2]) == 0 then return 0 end
local epoch = redis.call('GET', KEYS[1]) or ''
if epoch == '' or string.sub(epoch, -#ARGV[2]) ~= ARGV[2] then redis.call('SET', KEYS[1], ARGV[1]) end
return 1`);

/** The epoch of now. KEYS: epoch. */
export const EPOCH = redisScript(`return redis.call('GET', KEYS[1]) or ''`);

/**
 * A page of all entries with their fields. The keys are those of the one slot that the declared key names too.
 * KEYS: epoch. ARGV: cursor, pattern, about how many.
 */
export const HELD = redisScript(`
local found = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3], 'TYPE', 'hash')
local page = {}
for nth, key in ipairs(found[2]) do page[nth] = {key, redis.call('HGETALL', key)} end
return {found[1], page}`);
