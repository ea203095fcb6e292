-- Looks at the entries by which connections of an integration can be found: each must be in a
-- connection's row.
local key = P .. ':match:' .. ARGV[2]

local function belongs(entry)
  local at = string.find(string.reverse(entry), '\0', 1, true)
  local con = at and string.sub(entry, -at + 1) or ''
  for _, own in ipairs(read(redis.call('HGET', P .. ':con:' .. con, 'idx')) or {}) do
    if own == entry then
      return true
    end
  end
  return false
end

for i = 3, #ARGV do
  local entry = ARGV[i]
  if redis.call('ZSCORE', key, entry) and not belongs(entry) then
    fault('match_without_connection', entry, ARGV[2], function() redis.call('ZREM', key, entry) end)
  end
end
return report(#ARGV - 2, hints)
