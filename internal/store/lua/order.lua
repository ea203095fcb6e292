-- Positions in a sorted set, which is in the order of (score, member).

-- less compares as Redis orders members: byte by byte, whatever the locale.
local function less(a, b)
  local n = math.min(#a, #b)
  for i = 1, n do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then
      return x < y
    end
  end
  return #a < #b
end

-- after finds the rank of the first member behind (score, id), whether that is still there or not.
local function after(index, score, id)
  local low = redis.call('ZCOUNT', index, '-inf', '(' .. score)
  local high = low + redis.call('ZCOUNT', index, score, score)
  while low < high do
    local mid = math.floor((low + high) / 2)
    local member = redis.call('ZRANGE', index, mid, mid)[1]
    if less(id, member) then
      high = mid
    else
      low = mid + 1
    end
  end
  return low
end
