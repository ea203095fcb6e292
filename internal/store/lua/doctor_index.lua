-- Looks at the members of an index: each must be a row. A connection without one may have records left,
-- which this slot cannot see: it is not mended here.
local ROWS = { events = ':event:', runs = ':run:', deliveries = ':dlv:', deferred = ':dlv:', recoveries = ':recovery:', connections = ':con:' }
local name = string.match(ARGV[2], '^[^:]+')
local key, row = P .. ':' .. ARGV[2], P .. ROWS[name]
for i = 3, #ARGV do
  local id = ARGV[i]
  if redis.call('EXISTS', row .. id) == 0 and redis.call('ZSCORE', key, id) then
    fault('index_without_row', id, ARGV[2], name ~= 'connections' and function() redis.call('ZREM', key, id) end or nil)
  end
end
return report(#ARGV - 2, hints)
