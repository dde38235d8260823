// A random history of groups: they are marked, copied, restored from what they were, sent back, stopped and let go on, and removed, a few
// of them at a time. It depends on its seed alone.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.States.Tests;

/// <summary>Has one happen.</summary>
internal sealed unsafe class GroupHistory(GroupWorld world, GroupChronicle chronicle, int seed)
{
    private const int MostGroups = 4;

    private readonly Random _random = new(seed);

    // The epochs at which groups have been settled.
    private readonly Dictionary<string, List<ulong>> _epochs = [];
    private int _made;

    public void Run(int steps)
    {
        for (int step = 1; step <= steps; step++)
        {
            Step(step);
            string[] names = [.. world.Names().Where(name => name != "host")];
            // With a name a checkpoint stays.
            foreach (string name in names)
            {
                Errno error = world.Session.Engine.RequestNamed(world.Find(name), Encoding.ASCII.GetBytes($"step{step}"), out Epoch epoch);
                Assert.Equal(Errno.Ok, error);
                NoteEpoch(name, epoch.Value);
            }
            world.Settle();
        }
    }

    private void Step(int step)
    {
        string[] all = [.. world.Names()];
        string name = all[_random.Next(all.Length)];
        bool isHost = name == "host";
        switch (_random.Next(10))
        {
            case < 2 when all.Length < MostGroups:
                chronicle.Do(GroupVerb.Fork, name, $"g{++_made}");
                break;
            case 2 when all.Length < MostGroups && _epochs.TryGetValue(name, out List<ulong>? known):
                chronicle.Do(GroupVerb.Restore, name, $"g{++_made}", known[_random.Next(known.Count)]);
                break;
            case < 5 when _epochs.TryGetValue(name, out List<ulong>? known):
                chronicle.Do(GroupVerb.Rewind, name, epoch: known[_random.Next(known.Count)]);
                break;
            case 5 when !isHost:
                chronicle.Do(IsSuspended(name) ? GroupVerb.Resume : GroupVerb.Suspend, name);
                break;
            case 6 when !isHost && all.Length == MostGroups:
                chronicle.Do(GroupVerb.Kill, name);
                chronicle.Do(GroupVerb.Remove, name);
                _epochs.Remove(name);
                break;
            default:
                Mark(step);
                break;
        }
    }

    // Some of those that run.
    private void Mark(int step)
    {
        foreach (string name in world.Names())
            if (!IsSuspended(name) && _random.Next(2) == 0)
                BusyGroup.Mark(world, world.Find(name), name, step);
    }

    private bool IsSuspended(string name) => (world.ObjectOf(world.Find(name))->Flags & GroupFlags.IsSuspended) != 0;

    private void NoteEpoch(string name, ulong epoch)
    {
        if (!_epochs.TryGetValue(name, out List<ulong>? known))
            _epochs[name] = known = [];
        known.Add(epoch);
    }
}
