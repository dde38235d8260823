// Epolls that watch epolls: a graph without cycles in which no way from one to another has more than five of them (Linux's EP_MAX_NESTS),
// so that a wake-up that goes from list to list ends, and soon. Linux also bounds how many ways of each length lead from one file to epolls
// that nobody watches. Both are checked when a watch is made, the first by a restore too. A check looks at so many watches and no more: a
// graph that is larger is refused as one that is too deep.
using System;
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Says which watches may be made.</summary>
internal sealed unsafe class EventPollGraph(FileState state)
{
    /// <summary>Watches of epolls behind each other.</summary>
    public const int MaxDepth = 4;

    private const int MostSteps = 1 << 16;

    // How many ways of each length there may be from a file; of length one any number.
    private static ReadOnlySpan<ushort> MostPaths => [1000, 500, 100, 50, 10];

    /// <summary>ELOOP when an epoll must not watch another one: there would be a cycle, or too long a way.</summary>
    public Errno CheckDepth(EventPoll* poll, EventPoll* target)
    {
        int left = MostSteps;
        int below = Below(target, poll, 0, ++state.EventSearch, ref left);
        if (below > MaxDepth)
            return Errno.ELOOP;
        state.EventSearch++;
        int above = Above(poll, 0, ref left);
        return below + 1 + above > MaxDepth || left < 0 ? Errno.ELOOP : Errno.Ok;
    }

    /// <summary>
    /// True when no way down from a restored epoll is too long. What is found of one holds for all that lead to it, so all of a restore are
    /// one search; one that is met again while it is looked at lies on a cycle.
    /// </summary>
    public static bool IsSound(EventPoll* poll)
    {
        int left = int.MaxValue;
        return Below(poll, null, 0, ulong.MaxValue, ref left) <= MaxDepth;
    }

    /// <summary>EINVAL when too many ways lead from a file that is watched, or from what an epoll that is watched watches.</summary>
    public Errno CheckPaths(OpenFile* target)
    {
        int left = MostSteps;
        state.EventSearch++;
        EventPoll* poll = EventPolls.Of(target);
        return poll == null ? HasFewPaths(target, ref left) : HasFewPathsBelow(poll, ref left) ? Errno.Ok : Errno.EINVAL;
    }

    // The longest way down, or more than there may be.
    private static int Below(EventPoll* poll, EventPoll* forbidden, int depth, ulong search, ref int left)
    {
        if (poll->Search == search)
            return poll->Depth;
        poll->Search = search;
        poll->Depth = MaxDepth + 1;
        int result = 0;
        for (EventWatch* each = poll->FirstWatch; each != null && result <= MaxDepth; each = each->NextOfPoll)
        {
            EventPoll* inner = EventPolls.Of(each->File);
            if (inner == null)
                break;
            bool isRefused = inner == forbidden || depth > MaxDepth || --left < 0;
            result = isRefused ? MaxDepth + 1 : Math.Max(result, Below(inner, forbidden, depth + 1, search, ref left) + 1);
        }
        poll->Depth = result;
        return result;
    }

    private int Above(EventPoll* poll, int depth, ref int left)
    {
        if (poll->Search == state.EventSearch)
            return poll->Depth;
        int result = 0;
        for (EventWatch* each = poll->File->FirstWatch; each != null && result <= MaxDepth; each = each->NextOfFile)
            result = depth > MaxDepth || --left < 0 ? MaxDepth + 1 : Math.Max(result, Above(each->Poll, depth + 1, ref left) + 1);
        poll->Search = state.EventSearch;
        poll->Depth = result;
        return result;
    }

    private bool HasFewPathsBelow(EventPoll* poll, ref int left)
    {
        if (poll->Search == state.EventSearch)
            return true;
        poll->Search = state.EventSearch;
        for (EventWatch* each = poll->FirstWatch; each != null; each = each->NextOfPoll)
        {
            EventPoll* inner = EventPolls.Of(each->File);
            if (inner == null ? HasFewPaths(each->File, ref left) != Errno.Ok : !HasFewPathsBelow(inner, ref left))
                return false;
        }
        return true;
    }

    private static Errno HasFewPaths(OpenFile* file, ref int left)
    {
        Span<ushort> counts = stackalloc ushort[MaxDepth + 1];
        counts.Clear();
        return Count(file, 0, counts, ref left) ? Errno.Ok : Errno.EINVAL;
    }

    private static bool Count(OpenFile* file, int depth, Span<ushort> counts, ref int left)
    {
        if (depth > MaxDepth)
            return false;
        for (EventWatch* each = file->FirstWatch; each != null; each = each->NextOfFile)
        {
            if (--left < 0)
                return false;
            bool isFew = each->Poll->IsWatched ? Count(each->Poll->File, depth + 1, counts, ref left)
                : depth == 0 || ++counts[depth] <= MostPaths[depth];
            if (!isFew)
                return false;
        }
        return true;
    }
}
