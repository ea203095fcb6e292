-- Counts what happens to deliveries, by the minute: of the whole project, and of each endpoint. What is
-- counted is a word each: 'c' made, 'x' given up, 's' superseded, 'f' an attempt that failed, 't' one that the
-- endpoint asked to slow down after; and each attempt by the number of its latency (stats.go).
local STATS_KEPT = 49 * 3600 -- s
local counted = {} -- by endpoint
local worked = {} -- of the whole project: 'e' events that came, 'r' runs that ended, 'b' of these, those that failed

local function count(endpoint, what, n)
  local figures = counted[endpoint] or {}
  counted[endpoint] = figures
  figures[what] = (figures[what] or 0) + (n or 1)
end

local function count_work(what)
  worked[what] = (worked[what] or 0) + 1
end

local function add_figures(key, minute, figures)
  for what, n in pairs(figures) do
    if redis.call('HINCRBY', key, minute .. what, n) == n then -- perhaps the key is new
      redis.call('EXPIRE', key, STATS_KEPT)
    end
  end
end

-- keep_counts keeps what this script has counted. A key holds ten minutes: in a longer hash, each count would
-- take longer.
local function keep_counts(t)
  local at = math.floor(t / 60000)
  local span, minute = math.floor(at / 10), at % 10 .. '.'
  local key = P .. ':stat:' .. span
  for endpoint, figures in pairs(counted) do
    add_figures(key .. ':' .. endpoint, minute, figures)
    add_figures(key, minute, figures)
  end
  add_figures(P .. ':work:' .. span, minute, worked)
  counted, worked = {}, {}
end
