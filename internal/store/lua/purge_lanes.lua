-- Removes the lanes of a deleted connection with the runs that wait in them. A run in flight is asked to
-- end; the turn of its worker removes it.
local t = now()
local left = tonumber(ARGV[2])
local word = 'end'

local function remove_rows(lane, min)
  local rows = redis.call('ZRANGEBYSCORE', P .. ':rows:' .. lane, min, '+inf', 'LIMIT', 0, left)
  for _, id in ipairs(rows) do
    remove_run(id, lane)
  end
  counted('runs', #rows)
  left = left - #rows
end

local function cancel_flying(lane)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. ':rows:' .. lane, '-inf', '(0')) do
    redis.call('HSET', P .. ':run:' .. id, 'cancel', '1')
  end
end

local function remove_lane(lane)
  if leased(lane, t) then
    remove_rows(lane, '(0')
    cancel_flying(lane)
    word = 'wait'
    return
  end
  remove_rows(lane, '-inf')
  redis.call('DEL', P .. ':lane:' .. lane)
  redis.call('ZREM', P .. ':due', lane)
end

for id in string.gmatch(redis.call('HGET', purge, 'syncs') or '', '[^,]+') do
  remove_lane(con .. '.' .. id .. '.e')
  remove_lane(con .. '.' .. id .. '.f')
  if left <= 0 then
    return 'more'
  end
end
return word == 'wait' and word or step_ended()
