-- Looks at a project's clock and at its count of events: no row may be ahead of them.
local function behind(name, index)
  local top = redis.call('ZREVRANGE', P .. ':' .. index, 0, 0, 'WITHSCORES')[2]
  local have = tonumber(redis.call('GET', P .. ':' .. name) or '0')
  if top and tonumber(top) > have then
    fault('clock_behind', name, index .. ' ' .. top, function()
      if tonumber(redis.call('GET', P .. ':' .. name) or '0') < tonumber(top) then
        redis.call('SET', P .. ':' .. name, string.format('%.0f', tonumber(top)))
      end
    end)
  end
end

for i = 3, #ARGV do
  if ARGV[i] == 'seq' then
    behind('seq', 'events')
  else
    behind('clock', 'runs')
    behind('clock', 'deliveries')
  end
end
return report(#ARGV - 2, hints)
