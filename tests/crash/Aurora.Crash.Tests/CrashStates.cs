// From a trace to the images a power cut at one point of it could leave: everything covered by a completed FLUSH, and of the other writes any
// subset, in any order, each whole or torn at 512 bytes.
using System;
using System.Collections.Generic;

namespace Aurora.Crash.Tests;

/// <summary>Walks a trace; at each point it knows what is durable and what is outstanding.</summary>
public sealed class CrashStates
{
    private readonly List<TraceEvent> _events;
    private readonly Dictionary<ulong, byte[]> _durable;
    private readonly HashSet<TraceEvent> _covered = [];
    private readonly List<TraceEvent> _outstanding = [];
    private int _next;

    public CrashStates(List<TraceEvent> events, Dictionary<ulong, byte[]> image)
    {
        _events = events;
        _durable = new Dictionary<ulong, byte[]>(image);
    }

    /// <summary>The last acknowledged sequence at this point.</summary>
    public ulong Acknowledged { get; private set; }

    public IReadOnlyList<TraceEvent> Outstanding => _outstanding;

    public int Position => _next;

    /// <summary>Goes on by one event; false at the end.</summary>
    public bool Advance()
    {
        if (_next == _events.Count)
            return false;
        TraceEvent trace = _events[_next++];
        switch (trace.Kind)
        {
            case TraceKind.Write:
                _outstanding.Add(trace);
                break;
            case TraceKind.Acknowledged:
                Acknowledged = Math.Max(Acknowledged, trace.Sequence);
                break;
            case TraceKind.FlushDone:
                Cover(trace.Covered!);
                break;
        }
        return true;
    }

    /// <summary>The next event is one at which the set of possible states is largest, or a promise has just been made.</summary>
    public bool IsInteresting
        => _next < _events.Count && (_events[_next].Kind == TraceKind.FlushSent || _events[_next - 1].Kind == TraceKind.Acknowledged);

    /// <summary>The image that results when exactly these writes arrived, in this order, the torn ones only in part.</summary>
    public Dictionary<ulong, byte[]> Image(List<TraceEvent> arrived, Random? tear)
    {
        var image = new Dictionary<ulong, byte[]>(_durable);
        foreach (TraceEvent write in arrived)
            image[write.Block] = tear != null && tear.Next(3) == 0 ? Torn(image, write, tear) : write.Data!;
        return image;
    }

    /// <summary>
    /// Which writes may have arrived: nothing, everything, prefixes, all but one, only one, random subsets in random order, torn.
    /// </summary>
    public static List<(List<TraceEvent> Arrived, bool IsTorn)> Choices(IReadOnlyList<TraceEvent> outstanding, int count, Random random)
    {
        var all = new List<TraceEvent>(outstanding);
        List<(List<TraceEvent>, bool)> choices = [([], false), (all, false)];
        if (all.Count == 0)
            return [([], false)];
        for (int i = 0; i < count; i++)
        {
            int which = random.Next(all.Count);
            switch (i % 5)
            {
                case 0:
                    var without = new List<TraceEvent>(all);
                    without.RemoveAt(which);
                    choices.Add((without, false));
                    break;
                case 1:
                    choices.Add((all.GetRange(0, which), false));
                    break;
                case 2:
                    choices.Add(([all[which]], random.Next(2) == 0));
                    break;
                case 3:
                    choices.Add((all.FindAll(_ => random.Next(3) != 0), true));
                    break;
                default:
                    var shuffled = all.FindAll(_ => random.Next(8) != 0);
                    random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(shuffled));
                    choices.Add((shuffled, false));
                    break;
            }
        }
        return choices;
    }

    private static byte[] Torn(Dictionary<ulong, byte[]> image, TraceEvent write, Random random)
    {
        byte[] result = image.TryGetValue(write.Block, out byte[]? old) ? (byte[])old.Clone() : new byte[4096];
        int sectors = random.Next(1, 255);
        for (int sector = 0; sector < 8; sector++)
        {
            if ((sectors >> sector & 1) != 0)
                Array.Copy(write.Data!, sector * 512, result, sector * 512, 512);
        }
        return result;
    }

    private void Cover(List<TraceEvent> covered)
    {
        var set = new HashSet<TraceEvent>();
        foreach (TraceEvent write in covered)
        {
            if (_covered.Add(write))
                set.Add(write);
        }
        foreach (TraceEvent write in _outstanding)
        {
            if (set.Contains(write))
                _durable[write.Block] = write.Data!;
        }
        _outstanding.RemoveAll(set.Contains);
    }
}
