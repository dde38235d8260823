using System;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>A machine in which groups are started, and what a test looks at in them.</summary>
public abstract unsafe class GroupFixture : IDisposable
{
    internal GroupMachine Machine { get; private set; } = GroupMachine.Create(TestSession.NewDevice());

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        Machine.Dispose();
    }

    protected void Reboot()
    {
        Machine.Settle();
        var device = Machine.Session.Device;
        Machine.Dispose();
        Machine = GroupMachine.Start(device);
    }

    protected void Step(string name, ulong value)
    {
        ObjectTracker group = Machine.Find(name);
        Machine.Store(group, 0, value);
        Machine.Session.Group.OutputHold.Of(group).Write([(byte)('0' + (value % 10))]);
        Machine.Settle();
    }

    protected void Name(string name, string checkpoint)
    {
        Assert.Equal(Errno.Ok, Machine.Session.Engine.RequestNamed(Machine.Find(name), Encoding.UTF8.GetBytes(checkpoint), out _));
        Machine.Settle();
    }

    protected Epoch EpochOf(string name)
    {
        SlsStatistics statistics = default;
        Machine.Session.Engine.ReadStatistics(Machine.Find(name), ref statistics);
        return new Epoch(statistics.DurableEpoch);
    }

    protected ulong GenerationOf(string name) => Machine.Session.Group.Group.Of(Machine.Find(name))->Generation;

    protected string Log(string name)
    {
        byte[] text = new byte[256];
        ulong position = 0;
        int bytes = Machine.Manager.ReadLog(Machine.Find(name), ref position, text);
        return Encoding.UTF8.GetString(text, 0, bytes);
    }

    protected string Contents(ObjectTracker group, string path)
    {
        var tree = new TreeBuilder(Machine.Session.Group.Files, Machine.Session.Group.Files.NamespaceOf(&Machine.Init(group)->Header));
        Assert.Equal(Errno.Ok, tree.Find(Encoding.UTF8.GetBytes(path), follow: false, out Inode* inode));
        byte[] bytes = new byte[inode->Size];
        while (tree.Read(inode, 0, bytes, out _) == Errno.EAGAIN)
            Machine.Session.ServePager();
        Machine.Session.Group.Files.Inodes.Release(inode);
        return Encoding.UTF8.GetString(bytes);
    }
}
