-- What the doctor's scripts about runs, events and deliveries share.

-- listed wants a row in an index with that score, or, without one, not there.
local function listed(index, id, score)
  local key = P .. ':' .. index
  local have = redis.call('ZSCORE', key, id)
  if score and (not have or tonumber(have) ~= tonumber(score)) then
    fault('row_unlisted', id, index, function() redis.call('ZADD', key, score, id) end)
  elseif have and not score then
    fault('row_misplaced', id, index, function() redis.call('ZREM', key, id) end)
  end
end

-- waits wants a row that has not ended in its lane, and one that has ended not there. One that is
-- missing goes back with the given score, and the lane is woken.
local function waits(lane, id, open, score)
  local rows = P .. ':rows:' .. lane
  local have = redis.call('ZSCORE', rows, id)
  if open and not have then
    fault('row_without_lane', id, lane, function()
      local t = now()
      redis.call('ZADD', rows, tonumber(score) and tonumber(score) > 0 and score or num(t), id)
      if string.sub(lane, -2) == '.d' then
        owes(lane, t)
      end
      wake(lane, t)
    end)
  elseif have and not open then
    fault('row_ended_in_lane', id, lane, function() redis.call('ZREM', rows, id) end)
  end
end

-- damaged reports whether a row lacks what it cannot be read without; what is left of it is of no use.
local function damaged(kind, id, value, indexes)
  if value then
    return false
  end
  local key = P .. ':' .. kind .. ':' .. id
  if redis.call('EXISTS', key) == 1 then
    fault('row_damaged', id, kind, function()
      redis.call('DEL', key)
      for _, index in ipairs(indexes) do
        redis.call('ZREM', P .. ':' .. index, id)
      end
    end)
  end
  return true
end
