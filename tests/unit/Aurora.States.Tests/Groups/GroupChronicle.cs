// What is known of the groups of a machine as they live: a picture of each at every capture, by volume and epoch; from which write of the
// device on a checkpoint is durable; and between which writes each group is there. Writes are counted as the device does, and what was
// told to somebody after so many writes must hold in every machine that starts from so many writes or more.
using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Checkpoint.Tests;
using Aurora.Posix.Persistence;
using Xunit;

namespace Aurora.States.Tests;

/// <summary>Writes down what happens to groups, and holds a machine that started after a power cut against it.</summary>
internal sealed unsafe class GroupChronicle
{
    private const int Never = int.MaxValue;

    // A group, from the writes before it was asked for and before that was answered, to those of its removal.
    private sealed record Life(string Name, int AskedFor, int IsThere, int Asked = Never, int HasGone = Never);

    // A group goes back to an epoch between these writes.
    private sealed record Return(ulong Volume, ulong Epoch, int Asked, int IsBack);

    private sealed record Captured(GroupPicture Picture, ulong Generation, GroupFlags Flags);

    private readonly GroupWorld _world;
    private readonly TracedDevice _device;
    private readonly List<Life> _lives = [];
    private readonly List<Return> _returns = [];
    private readonly Dictionary<(ulong Volume, ulong Epoch), Captured> _captured = [];
    private readonly List<(int Write, ulong Volume, ulong Epoch)> _durable = [];

    /// <summary>Begins with the groups there are, all of which are durable.</summary>
    public GroupChronicle(GroupWorld world, TracedDevice device)
    {
        _world = world;
        _device = device;
        device.Begin();
        foreach (string name in world.Names())
            _lives.Add(new Life(name, 0, 0));
        NoteCaptured();
        NoteDurable();
        world.Captured = NoteCaptured;
        world.Written = NoteDurable;
    }

    /// <summary>Pictures taken.</summary>
    public int Pictures => _captured.Count;

    /// <summary>Something is done that makes a group, ends one, sends one back or does none of this.</summary>
    public void Do(GroupVerb verb, string group, string target = "", ulong epoch = 0)
    {
        int asked = _device.Count;
        ulong volume = VolumeOf(_world, _world.Find(group));
        _world.Do(verb, group, target, epoch == 0 ? "" : $"{epoch}");
        if (verb is GroupVerb.Run or GroupVerb.Fork or GroupVerb.Restore)
            _lives.Add(new Life(target, asked, _device.Count));
        if (verb == GroupVerb.Remove)
        {
            int index = _lives.FindIndex(life => life.Name == group && life.Asked == Never);
            _lives[index] = _lives[index] with { Asked = asked, HasGone = _device.Count };
        }
        if (verb == GroupVerb.Rewind)
            _returns.Add(new Return(volume, epoch, asked, _device.Count));
    }

    /// <summary>The picture of a group at its newest capture.</summary>
    public GroupPicture NewestOf(string name)
        => _captured[(VolumeOf(_world, _world.Find(name)), EpochOf(_world, _world.Find(name)))].Picture;

    /// <summary>A machine that stands still since it started from so many writes has what it must have, and nothing else.</summary>
    public void Check(GroupWorld started, int writes)
    {
        List<string> names = started.Names();
        foreach (Life life in _lives)
        {
            if (life.IsThere <= writes && writes <= life.Asked)
                Assert.True(names.Contains(life.Name), $"{life.Name} is missing");
        }
        foreach (string name in names)
        {
            Assert.True(started.Exists(name), $"{name} is broken");
            Assert.True(_lives.Any(life => life.Name == name && life.AskedFor < writes + (life.AskedFor == 0 ? 1 : 0)
                && writes < life.HasGone), $"{name} should not be there");
            CheckState(started, name, writes);
        }
    }

    private void CheckState(GroupWorld started, string name, int writes)
    {
        ObjectTracker group = started.Find(name);
        (ulong volume, ulong epoch) = (VolumeOf(started, group), EpochOf(started, group));
        ulong durable = 0;
        foreach ((int write, ulong ofVolume, ulong reached) in _durable)
            durable = write <= writes && ofVolume == volume ? reached : durable;
        bool goesBack = _returns.Any(each => each.Volume == volume && each.Epoch == epoch && each.Asked <= writes && writes < each.IsBack);
        Assert.True(epoch >= durable || goesBack, $"{name} is at epoch {epoch}, and {durable} was durable");
        Assert.True(_captured.TryGetValue((volume, epoch), out Captured? then), $"{name} is at epoch {epoch}, which nobody captured");
        string? difference = then!.Picture.DifferenceTo(started.PictureOf(group));
        Assert.True(difference == null, $"{name} at epoch {epoch}: {difference}");
        GroupObject* about = started.ObjectOf(group);
        Assert.Equal(then.Flags, about->Flags);
        // What has gone back is told so. It may have been behind the durable epoch that somebody has been told of.
        bool hasGoneBack = about->Generation > then.Generation;
        Assert.True(hasGoneBack ? goesBack : epoch >= durable && about->Generation == then.Generation,
            $"{name} at epoch {epoch} is of generation {about->Generation}, and was of {then.Generation}");
    }

    private void NoteCaptured() => ForEach((group, about) =>
    {
        (ulong Volume, ulong Epoch) key = (VolumeOf(_world, group), about.CapturedEpoch);
        // Numbers go on after what a rollback has left: then nothing has been captured yet.
        if (EpochOf(_world, group) != key.Epoch || _captured.ContainsKey(key))
            return;
        GroupObject* saved = _world.ObjectOf(group);
        _captured[key] = new Captured(_world.PictureOf(group), saved->Generation, saved->Flags);
    });

    private void NoteDurable() => ForEach((group, about) =>
    {
        if (_captured.ContainsKey((VolumeOf(_world, group), about.DurableEpoch)))
            _durable.Add((_device.Count, VolumeOf(_world, group), about.DurableEpoch));
    });

    // Of the groups that are captured.
    private void ForEach(Action<ObjectTracker, SlsGroup> action)
    {
        TrackedObjects tracked = _world.Session.Group.Tracked;
        for (int index = tracked.NextGroup(0); index >= 0; index = tracked.NextGroup(index + 1))
        {
            ObjectTracker group = tracked.OfGroup((ushort)index);
            SlsGroup about = default;
            _world.Session.Engine.Describe(group, ref about);
            if (about.State != SlsGroup.StateEphemeral)
                action(group, about);
        }
    }

    private static ulong VolumeOf(GroupWorld world, ObjectTracker group) => world.Session.Engine.VolumeOf(group.Index).Value;

    private static ulong EpochOf(GroupWorld world, ObjectTracker group) => world.ObjectOf(group)->Epoch.Value;
}
