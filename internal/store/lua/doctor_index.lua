-- Looks at the members of an index: each must be a row.
local ROWS = { events = ':event:', runs = ':run:', deliveries = ':dlv:', connections = ':con:' }
local key, row = P .. ':' .. ARGV[2], P .. ROWS[string.match(ARGV[2], '^[^:]+')]
for i = 3, #ARGV do
  local id = ARGV[i]
  if redis.call('EXISTS', row .. id) == 0 and redis.call('ZSCORE', key, id) then
    fault('index_without_row', id, ARGV[2], function() redis.call('ZREM', key, id) end)
  end
end
return report(#ARGV - 2, hints)
