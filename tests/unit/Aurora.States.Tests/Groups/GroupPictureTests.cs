using System;
using Aurora.Base;
using Aurora.Checkpoint.Tests;
using Aurora.Posix.Persistence;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.States.Tests;

/// <summary>What tests rely on that compare groups: whatever a program does shows, and a look at a group changes nothing.</summary>
public sealed unsafe class GroupPictureTests : IDisposable
{
    private const ulong Byte = BusyGroup.Buffer + 0x800;

    private readonly GroupWorld _world = GroupWorld.Create(TestSession.NewDevice());
    private readonly ObjectTracker _group;

    public GroupPictureTests()
    {
        _world.Do(GroupVerb.Run, target: "a");
        _world.Settle();
        _group = _world.Find("a");
        BusyGroup.Build(_world, _group);
    }

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("private memory")]
    [InlineData("shared memory")]
    [InlineData("memory of a file")]
    [InlineData("a file")]
    [InlineData("an unlinked file")]
    [InlineData("a pipe")]
    [InlineData("a watch")]
    [InlineData("a socket")]
    [InlineData("a name")]
    [InlineData("a signal")]
    [InlineData("the terminal")]
    [InlineData("the log")]
    [InlineData("a process")]
    [InlineData("a timer")]
    [InlineData("a lock")]
    public void Whatever_is_done_shows(string what)
    {
        GroupPicture before = _world.PictureOf(_group);
        Assert.Null(before.DifferenceTo(_world.PictureOf(_group)));
        Do(what);
        Assert.NotNull(before.DifferenceTo(_world.PictureOf(_group)));
    }

    private void Do(string what)
    {
        ProgramDriver programs = _world.Programs;
        Thread* init = programs.Init(_group);
        Func<long> action = what switch
        {
            "private memory" => () => Store(BusyGroup.Private),
            "shared memory" => () => Store(BusyGroup.SharedMemory + 64),
            "memory of a file" => () => Store(BusyGroup.SharedFile + 64),
            "a file" => () => programs.Do(init, 18, 3, Byte, 1, 7),
            "an unlinked file" => () => programs.Do(init, 18, 4, Byte, 1, 7),
            "a pipe" => () => programs.Do(init, 1, 6, Byte, 1),
            "a socket" => () => programs.Do(init, 1, 14, Byte, 1),
            "a watch" => () => programs.Do(init, 233, 9, 2, 5, Byte),
            "a name" => () => programs.Do(init, 83, programs.PutText(init, Byte, "/tmp/new"), 0x1ED),
            "a signal" => () => programs.Do(init, 62, 1, 34),
            "the terminal" => () => _world.Manager.Type(_group, "x"u8),
            "the log" => () => programs.Do(init, 1, 1, Byte, 1),
            "a process" => () => programs.Do(init, 57),
            "a timer" => () => programs.Do(init, 37, 77),
            _ => () => programs.Do(init, 73, 3, 2),
        };
        action();
    }

    private long Store(ulong address)
    {
        _world.Programs.Put(_world.Programs.Init(_group), address, 77);
        return 0;
    }
}
