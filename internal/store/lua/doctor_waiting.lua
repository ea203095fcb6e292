-- Looks at what waits in a lane: each must be a row, and of this lane.
local lane = ARGV[2]
local kind = string.match(lane, '[^.]+$')
local rows = P .. ':rows:' .. lane

-- lane_of answers the lane in which a row wants to be; nil: there is no such row.
local function lane_of(id)
  if kind == 'd' then
    local facts = read(redis.call('HGET', P .. ':dlv:' .. id, 'f'))
    return facts and facts.e .. '.d'
  elseif kind == 'o' then
    return redis.call('EXISTS', P .. ':event:' .. id) == 1 and lane or nil
  elseif kind == 'r' then
    return redis.call('EXISTS', P .. ':recovery:' .. id) == 1 and lane or nil
  end
  return redis.call('HGET', P .. ':run:' .. id, 'lane') or nil
end

for i = 3, #ARGV do
  local id = ARGV[i]
  local score, wants = redis.call('ZSCORE', rows, id), lane_of(id)
  if score and not wants then
    fault('lane_without_row', id, lane, function() redis.call('ZREM', rows, id) end)
  elseif score and wants ~= lane then
    fault('row_in_other_lane', id, lane, function() redis.call('ZREM', rows, id) end)
  elseif score and tonumber(score) == 0 then
    fault('row_never_due', id, lane, function()
      local t = now()
      redis.call('ZADD', rows, num(t), id)
      wake(lane, t)
    end)
  end
end
return report(#ARGV - 2, hints)
