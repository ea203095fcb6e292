-- What every script about records shares. KEYS[1] is the connection's slot, '{prj_...:con_...}'.
--
-- A record is a field of the hash :r:<model>:
--   digest|first seen|last modified|action|deleted|event run|what it was|full run|what it was|payload
-- The two pairs say which run of each lane touched it last, by its ordinal, and then: how that run
-- counts it ('a', 'u', 'd' or '.') and what it was before that run ('-' absent, 'x' deleted, or its
-- digest). One run at a time works a lane, so these two are all that exact net counts need.
local C = KEYS[1]

local function num(n)
  return string.format('%.17g', n)
end

-- clock never goes back, so that no change can hide from delta.
local function clock()
  local t = redis.call('TIME')
  local ms = t[1] * 1000 + math.floor(t[2] / 1000)
  local last = tonumber(redis.call('GET', C .. ':clock') or '0')
  if ms > last then
    redis.call('SET', C .. ':clock', num(ms))
    return ms
  end
  return last
end

local function parse(text)
  if not text then
    return { was = '-' }
  end
  local r = {}
  r.digest, r.first, r.modified, r.action, r.deleted, r.erun, r.ewas, r.frun, r.fwas, r.at =
    string.match(text, '^([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|()')
  r.payload = string.sub(text, r.at)
  r.was = r.action == 'D' and 'x' or r.digest
  return r
end

local function format(r)
  return table.concat({ r.digest, r.first, r.modified, r.action, r.deleted, r.erun, r.ewas, r.frun, r.fwas, r.payload }, '|')
end

-- class says how a change from one state to another is counted.
local function class(was, is)
  if is == '-' or is == 'x' then
    return (was == '-' or was == 'x') and '.' or 'd'
  end
  if was == '-' or was == 'x' then
    return 'a'
  end
  return was == is and '.' or 'u'
end

-- bury notes that a run deleted records: deletions are pairs of when and which.
local function bury(run, model, deletions)
  for i = 1, #deletions, 1000 do
    redis.call('ZADD', C .. ':d:' .. model, unpack(deletions, i, math.min(i + 999, #deletions)))
  end
  if #deletions > 0 then
    redis.call('HSET', C .. ':run:' .. run, 'x:' .. model, '1')
  end
end

-- keep notes that something of a run is kept for so many seconds from now.
local function keep(run, seconds, t)
  redis.call('ZADD', C .. ':kept', 'GT', num(t + tonumber(seconds) * 1000), run)
end

-- fenced reports whether the caller may no longer write for the run: somebody else does, or a failover
-- forgot some of its writes before the nth ('' if nobody counts them).
local function fenced(run, fence, nth)
  local f = redis.call('HMGET', C .. ':run:' .. run, 'fence', 'sealed', 'no', 'start', 'n')
  if not f[1] or tonumber(f[1]) ~= tonumber(fence) or f[2] then
    return true
  end
  local n = tonumber(f[5] or '0')
  if nth ~= '' and n ~= tonumber(nth) and n ~= tonumber(nth) - 1 then -- n: it is sent again
    return true
  end
  return false, f[3], f[4]
end

local function wrote(run, nth)
  if nth ~= '' then
    redis.call('HSET', C .. ':run:' .. run, 'n', nth)
  end
end
