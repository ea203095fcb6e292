-- Looks at endpoints beside the first one: a further one is listed; that of a connection is as long as the
-- connection has a URL of its own.
local LISTS = { 'endpoints', 'endpoints:con' }

-- own_url returns the URL of a connection, '' if it has none, or nothing if there is no connection.
local function own_url(con)
  local row = read(redis.call('HGET', P .. ':con:' .. con, 'f'))
  return row and (row.WebhookURL or '')
end

local function without_row(id)
  for _, index in ipairs(LISTS) do
    if redis.call('ZSCORE', P .. ':' .. index, id) then
      fault('index_without_row', id, index, function() redis.call('ZREM', P .. ':' .. index, id) end)
    end
  end
end

local function look(id, con)
  local url = con and own_url(con)
  if con and not url then
    fault('endpoint_without_connection', id, con, function()
      redis.call('DEL', P .. ':endpoint:' .. id)
      redis.call('ZREM', P .. ':endpoints:con', id)
    end)
    return
  end
  listed('endpoints', id, not con and '0' or nil)
  listed('endpoints:con', id, con and url ~= '' and '0' or nil)
end

for i = 3, #ARGV do
  local text = redis.call('HGET', P .. ':endpoint:' .. ARGV[i], 'f')
  local facts = read(text)
  if not text then
    without_row(ARGV[i])
  elseif not facts then
    fault('config_damaged', ARGV[i], 'endpoint')
  else
    look(ARGV[i], facts.Connection)
  end
end
return report(#ARGV - 2, hints)
