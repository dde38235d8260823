// What several groups add: an operation changes the group it is done in and no other, unless time has passed; and groups are copied and go
// back while others run.
using System.Collections.Generic;
using System.Linq;
using Aurora.Linux.Tests;

namespace Aurora.States.Tests;

/// <summary>The groups of a world as they were captured last, and as each was some time before.</summary>
internal sealed class GroupMoments
{
    private const int RemembersEvery = 7;

    private readonly List<TestKernel.Image> _images;
    private readonly IReadOnlyList<int>[] _orders;
    private readonly ShownRegions[] _shown;
    private readonly (TestKernel.Image Image, IReadOnlyList<int> Order, ShownRegions Shown)[] _earlier;
    private int _captures;

    public GroupMoments(TestKernel.Image boot, int groups)
    {
        _images = [.. Enumerable.Range(0, groups).Select(_ => boot.Copy())];
        _orders = [.. Enumerable.Range(0, groups).Select(_ => (IReadOnlyList<int>)[])];
        _shown = [.. Enumerable.Range(0, groups).Select(_ => new ShownRegions())];
        _earlier = [.. Enumerable.Range(0, groups).Select(_ => (boot.Copy(), (IReadOnlyList<int>)[], new ShownRegions()))];
    }

    public IReadOnlyList<TestKernel.Image> Images => _images;

    /// <summary>The order in which its threads sleep.</summary>
    public IReadOnlyList<int> OrderOf(int group) => _orders[group];

    /// <summary>The regions that it showed then.</summary>
    public ShownRegions ShownBy(int group) => _shown[group];

    /// <summary>Captures a group of a world, and enters it.</summary>
    public void Capture(World world, int group)
    {
        world.Enter(group);
        world.Kernel.Capture(_images[group]);
        _orders[group] = world.OrderOfThreads();
        _shown[group] = ShownRegions.Of(world);
        if (++_captures % RemembersEvery == 0)
            _earlier[group] = (_images[group].Copy(), _orders[group], _shown[group]);
    }

    /// <summary>From here on a group is what another one was when it was captured, or what it was itself before.</summary>
    public TestKernel.Image Copy(int target, int source)
    {
        (TestKernel.Image image, IReadOnlyList<int> order, ShownRegions shown) =
            source == target ? _earlier[source] : (_images[source], _orders[source], _shown[source]);
        _images[target] = image.Copy();
        _orders[target] = order;
        _shown[target] = shown;
        return _images[target];
    }
}

internal sealed partial class StateFuzzer
{
    private void Copy(World original, GroupMoments moments, StateStep step)
    {
        Copies++;
        // Otherwise it would depend on the machine whether what others have not persisted is found.
        original.Regions.PersistAll();
        original.Trace?.AppendLine(step.Source == step.Target ? $"-- group {step.Target} goes back"
            : $"-- group {step.Target} becomes a copy of group {step.Source}");
        original.Replace(step.Target, moments.Copy(step.Target, step.Source));
    }

    // Whoever finds on both sides that a region is not what it was is told, ends or begins again, as before a group goes on that was
    // restored.
    private void Tell(World original, World restored, bool[] hasOther)
    {
        for (int group = 0; group < groups; group++)
        {
            if (!hasOther[group])
                continue;
            Told++;
            Enter(original, restored, group);
            original.EndDetached();
            restored.EndDetached();
        }
        if (!hasOther.Contains(true))
            return;
        original.SettleAll();
        restored.SettleAll();
        int before = original.Restarts;
        for (int group = 0; group < groups; group++)
        {
            Enter(original, restored, group);
            original.EquipInit();
            restored.EquipInit();
        }
        Restarts += original.Restarts - before;
    }

    // As what was in the place of the copy ends, what others have put off goes on.
    private void CopyAndCapture(World original, GroupMoments moments, StateStep step)
    {
        Copy(original, moments, step);
        for (int group = 0; group < groups; group++)
            if (group != step.Target)
                moments.Capture(original, group);
    }

    // What happens to others as time passes is their own.
    private static void DoAlone(World world, StateStep step)
    {
        ulong time = world.Kernel.Clock.Now;
        List<GroupPicture> before = PicturesOfOthers(world, step.Group);
        DoIn(world, step);
        if (world.Kernel.Clock.Now != time)
            return;
        List<GroupPicture> after = PicturesOfOthers(world, step.Group);
        for (int i = 0; i < before.Count; i++)
            if (before[i].DifferenceTo(after[i]) is { } difference)
                throw new StateException($"an operation in group {step.Group} changes another one: {difference}");
    }

    // The group is entered again afterwards.
    private static List<GroupPicture> PicturesOfOthers(World world, int group)
    {
        var pictures = new List<GroupPicture>();
        for (int other = 0; other < world.Count; other++)
        {
            if (other == group)
                continue;
            world.Enter(other);
            pictures.Add(GroupPicture.Of(world.View));
        }
        world.Enter(group);
        return pictures;
    }
}
