-- Makes a delivery due now, as a person wishes. ARGV: 1 delivery.
local there, changed = retry(ARGV[1], 'a person asked for another attempt', now())
if changed then
  redis.call('PUBLISH', P .. ':watch', ARGV[1])
end
return { there and 'ok' or 'gone', hints }
