using System;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>A machine on which a test runs programs in groups from outside.</summary>
public abstract unsafe class GroupExecFixture : IDisposable
{
    protected const long Canceled = -(long)Errno.ECANCELED;

    private protected GroupMachine Machine { get; set; } = GroupMachine.Create(TestSession.NewDevice());

    /// <summary>Under which the newest program is known.</summary>
    protected long Number { get; set; }

    public void Dispose()
    {
        Machine.Dispose();
        GC.SuppressFinalize(this);
    }

    protected ObjectId Asker => (Machine.Asker == null ? Machine.Init(Machine.Host) : Machine.Asker)->Header.Id;

    protected Process* Run(string group)
    {
        Assert.Equal(1, Machine.Do(GroupVerb.Run, target: group));
        Number = Machine.Do(GroupVerb.Exec, group);
        Assert.True(Number > 0);
        return ProcessOf(group);
    }

    protected Process* ProcessOf(string group)
    {
        Process* process = Machine.Processes.Table.Of(Machine.Find(group)).NextProcess(2);
        Assert.True(process != null);
        return process;
    }

    // What the load of a program makes of its process, as far as it matters here.
    protected void Begin(Process* process)
    {
        process->FirstThread->Call = default;
        Machine.Session.Group.Tracked.MarkChanged(&process->FirstThread->Header);
        Machine.Execs.Begun(process);
    }

    protected static OpenFile* FileOf(Process* process, int descriptor)
        => Descriptors.Find((DescriptorTable*)process->Descriptors, descriptor);

    protected static Pipe* PipeOf(Process* process, int descriptor) => FileOf(process, descriptor)->Inode->Pipe;

    protected static void AssertAlone(Process* process)
        => Assert.Equal((false, false, false),
            (PipeOf(process, 0)->HasWriter, PipeOf(process, 1)->HasReader, PipeOf(process, 2)->HasReader));

    protected long Write(Process* process, int descriptor, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* start = bytes)
        {
            var transfer = new FileTransfer(Machine.Session.Group.Files.Transfers, null, start, (ulong)bytes.Length);
            return Machine.Session.Group.Files.Pipes.Write(FileOf(process, descriptor), ref transfer).Value;
        }
    }

    protected string Read(Process* process, int descriptor)
    {
        byte[] bytes = new byte[4096];
        fixed (byte* start = bytes)
        {
            for (int turn = 0; turn < 10; turn++)
            {
                var transfer = new FileTransfer(Machine.Session.Group.Files.Transfers, null, start, (ulong)bytes.Length);
                long read = Machine.Session.Group.Files.Pipes.Read(FileOf(process, descriptor), ref transfer).Value;
                if (read != -(long)Errno.EAGAIN)
                    return Encoding.UTF8.GetString(bytes, 0, (int)read);
                Machine.Session.ServePager();
            }
        }
        throw new InvalidOperationException("nothing to read");
    }

    protected long Put(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* start = bytes)
        {
            var transfer = new FileTransfer(Machine.Session.Group.Files.Transfers, null, start, (ulong)bytes.Length);
            return Machine.Execs.Put((ulong)Number, Asker, ref transfer).Value;
        }
    }

    // As sls_exec_output does it.
    protected long Look(out SlsOutput news, out string text)
    {
        text = "";
        Errno error = Machine.Execs.Look((ulong)Number, Asker, out news);
        if (error != Errno.Ok)
            return -(long)error;
        if (news.Stream == 0)
        {
            Machine.Execs.Forget((ulong)Number, Asker);
            return 0;
        }
        PageAccess access = Machine.Execs.Bytes((ulong)Number, Asker, news.Stream, out ReadOnlySpan<byte> bytes);
        Assert.Equal(MemoryStatus.Ok, access.Status);
        text = Encoding.UTF8.GetString(bytes);
        Machine.Execs.Taken((ulong)Number, Asker, news.Stream, bytes.Length);
        return bytes.Length;
    }

    protected string Show(out SlsOutput news)
    {
        Assert.True(Look(out news, out string text) > 0);
        return text;
    }

    protected void MakeConsole(string group)
    {
        FileServices files = Machine.Session.Group.Files;
        Assert.Equal(Errno.Ok, StandardTree.Populate(files, files.NamespaceOf(&Machine.Init(Machine.Find(group))->Header)));
    }

    protected void Reboot()
    {
        Machine.Settle();
        var device = Machine.Session.Device;
        Machine.Dispose();
        Machine = GroupMachine.Start(device);
        Machine.Settle();
    }
}
