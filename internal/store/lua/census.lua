-- Counts what waits in a project, at a cost that does not grow with what is stored: sizes, firsts, and a
-- bounded number of lanes. ARGV: 1 how many lanes to look at.
-- Answers: runs queued and running, deliveries pending; for how long (ms) the oldest queued run and the
-- oldest pending delivery wait, and that delivery's facts; for how long the oldest due row waits that
-- nobody took, of lanes of runs, of deliveries, of fan-outs, and of recoveries.
local t = now()

-- first returns the first member of an index that is ordered by when its rows were made, and its age.
local function first(index)
  local row = redis.call('ZRANGE', P .. index, 0, 0, 'WITHSCORES')
  if #row == 0 then
    return nil, 0
  end
  return row[1], math.max(t - tonumber(row[2]), 0)
end

-- oldest returns the score of the oldest row of a lane that waits, or that was in flight when its worker
-- died.
local function oldest(lane)
  local rows = P .. ':rows:' .. lane
  local waits = redis.call('ZRANGEBYSCORE', rows, '(0', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  local flew = redis.call('ZREVRANGEBYSCORE', rows, '(0', '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
  local score = tonumber(waits[2] or '')
  if flew[2] and (not score or -tonumber(flew[2]) < score) then
    score = -tonumber(flew[2])
  end
  return score
end

local ages = { runs = 0, d = 0, o = 0, r = 0 }

local function look(lane)
  local f = redis.call('HMGET', P .. ':lane:' .. lane, 'tok', 'till', 'nb')
  local taken = f[1] and f[1] ~= '' and tonumber(f[2] or '0') > t
  local score = not taken and oldest(lane)
  if score then
    local kind = string.sub(lane, -1)
    kind = ages[kind] and kind or 'runs'
    ages[kind] = math.max(ages[kind], t - math.max(score, tonumber(f[3] or '0')))
  end
end

for _, lane in ipairs(redis.call('ZRANGEBYSCORE', P .. ':due', '-inf', num(t + WOKEN), 'LIMIT', 0, ARGV[1])) do
  look(lane)
end
local _, run = first(':runs:queued')
local delivery, age = first(':deliveries:pending')
local facts = delivery and redis.call('HGET', P .. ':dlv:' .. delivery, 'f') or ''
return {
  redis.call('ZCARD', P .. ':runs:queued'), redis.call('ZCARD', P .. ':runs:running'), redis.call('ZCARD', P .. ':deliveries:pending'),
  num(run), num(age), facts or '', num(ages.runs), num(ages.d), num(ages.o), num(ages.r),
}
