-- Counts what is owed to each endpoint, beginning with the lane to which something is owed for the longest.
-- ARGV: 1 how many lanes to pass over, 2 how many to look at then, 3 the only lane to look at ('' all).
-- Answers the time, how many lanes were looked at, and for each to which something is owed: the lane, how many deliveries,
-- when the oldest was made, and its ID.
local lanes = { ARGV[3] }
if ARGV[3] == '' then
  lanes = redis.call('ZRANGE', P .. ':owed', ARGV[1], ARGV[1] + ARGV[2] - 1)
end

local function older(a, b)
  return a[1] and (not b[1] or tonumber(a[2]) < tonumber(b[2])) and a or b
end

-- oldest answers a lane's delivery that was made first, and when. What is due when it was made has that as its
-- score; all others are deferred, and due later than they were made.
local function oldest(lane)
  local rows = P .. ':rows:' .. lane
  local waits = redis.call('ZRANGEBYSCORE', rows, '(0', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  local flies = redis.call('ZREVRANGEBYSCORE', rows, '(0', '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if flies[1] then
    flies[2] = num(-tonumber(flies[2]))
  end
  local deferred = redis.call('ZRANGE', P .. ':deferred:' .. string.match(lane, '^[^.]+'), 0, 0, 'WITHSCORES')
  return older(deferred, older(waits, flies))
end

local out = { num(now()), #lanes }
for _, lane in ipairs(lanes) do
  local n = redis.call('ZCARD', P .. ':rows:' .. lane)
  if n > 0 then
    local first = oldest(lane)
    out[#out + 1] = { lane, n, first[2], first[1] }
  end
end
return out
