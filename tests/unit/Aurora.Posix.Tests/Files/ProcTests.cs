using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Posix.Tests.Files;

public sealed unsafe class ProcTests : IDisposable
{
    private readonly FileWorld _world = new();

    public void Dispose() => _world.Dispose();

    private Inode* Find(string path, bool follow = true)
    {
        FileCaller caller = _world.Caller;
        WalkFlags flags = follow ? WalkFlags.FollowLast : WalkFlags.None;
        Errno error = _world.Files.Walks.Resolve(in caller, _world.Space->Root, FileWorld.Bytes(path), flags, out Inode* inode);
        return error == Errno.Ok ? inode : null;
    }

    private string Text(string path)
    {
        Inode* inode = Find(path);
        Assert.True(inode != null, path);
        OpenFile* file = _world.Open(inode, OpenFlags.ReadOnly);
        _world.Files.Inodes.Release(inode);
        byte[] buffer = new byte[10_000];
        long count = _world.Read(file, buffer);
        _world.Files.OpenFiles.Release(file);
        return Encoding.UTF8.GetString(buffer, 0, (int)count);
    }

    private List<string> List(string path)
    {
        Inode* directory = Find(path);
        var names = new List<string>();
        byte[] name = new byte[255];
        for (ulong position = DirectoryEntry.FirstPosition; _world.Files.Proc.NextEntry(directory, ref position, out _, name, out int length); position++)
            names.Add(Encoding.UTF8.GetString(name, 0, length));
        _world.Files.Inodes.Release(directory);
        return names;
    }

    [Fact]
    public void System_files_have_the_formats_of_proc5()
    {
        Assert.StartsWith("MemTotal:           4096 kB\nMemFree:            1024 kB\n", Text("/proc/meminfo"), StringComparison.Ordinal);
        Assert.Equal("12.34 5.00\n", Text("/proc/uptime"));
        Assert.Equal("1.25 0.00 0.00 1/3 7\n", Text("/proc/loadavg"));
        Assert.Equal("testhost\n", Text("/proc/sys/kernel/hostname"));
        Assert.Equal("Linux version 6.1.0-aurora #1 test\n", Text("/proc/version"));
        Assert.StartsWith("cpu  0 0 0 500 0", Text("/proc/stat"), StringComparison.Ordinal);
        Assert.Contains("nodev\tproc\n", Text("/proc/filesystems"), StringComparison.Ordinal);
        Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$", Text("/proc/sys/kernel/random/uuid"));
        Assert.Contains("aurora / aurora rw", Text("/proc/mounts"), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_listed_name_is_found_and_every_file_readable()
    {
        foreach (string directory in new[] { "/proc", "/proc/sys", "/proc/sys/kernel", "/proc/sys/kernel/random", "/proc/self", "/proc/self/task/1" })
        {
            List<string> names = List(directory);
            Assert.Equal(names.Count, names.Distinct().Count());
            foreach (string name in names)
            {
                Inode* inode = Find($"{directory}/{name}", follow: false);
                Assert.True(inode != null, $"{directory}/{name}");
                bool isRegular = inode->IsRegular;
                _world.Files.Inodes.Release(inode);
                if (isRegular)
                    Text($"{directory}/{name}");
            }
        }
        Assert.Contains("1", List("/proc"));
    }

    [Fact]
    public void A_process_shows_itself()
    {
        "worker"u8.CopyTo(new Span<byte>(_world.Process->Name, 16));
        string stat = Text("/proc/self/stat");
        Assert.StartsWith("1 (worker) ", stat, StringComparison.Ordinal);
        Assert.Equal(52, stat.TrimEnd('\n').Split(' ').Length);
        Assert.Equal("worker\n", Text("/proc/1/comm"));
        Assert.Contains("Uid:\t0\t0\t0\t0\n", Text("/proc/1/status"), StringComparison.Ordinal);
        Assert.Equal("", Text("/proc/1/cmdline"));
        Assert.True(Find("/proc/2") == null);
        Assert.True(Find("/proc/01") == null);
    }

    [Fact]
    public void Descriptors_are_links_to_the_files_themselves()
    {
        _world.WriteFile("/tmp/x", "first"u8);
        OpenFile* file = _world.Open(_world.At("/tmp/x"), OpenFlags.ReadOnly);
        _world.Files.Descriptors.Install(_world.Table, file, 0, 100, false, out int descriptor);
        Assert.Equal(["0"], List("/proc/self/fd"));
        Inode* link = Find("/proc/self/fd/0", follow: false);
        FileCaller caller = _world.Caller;
        Assert.Equal(Errno.Ok, _world.Files.Walks.ReadTarget(link, in caller, out ReadOnlySpan<byte> target));
        Assert.Equal("/tmp/x", Encoding.UTF8.GetString(target));
        _world.Build.Remove("/tmp/x"u8);
        Assert.Equal(Errno.Ok, _world.Files.Walks.ReadTarget(link, in caller, out target));
        Assert.Equal("/tmp/x (deleted)", Encoding.UTF8.GetString(target));
        _world.Files.Inodes.Release(link);
        Inode* through = Find("/proc/self/fd/0");
        Assert.True(through == file->Inode);
        _world.Files.Inodes.Release(through);
        int other = _world.StartProcess()->Process->Id;
        Assert.True(Find($"/proc/{other}/cwd/tmp") != null);
        _world.ActAs(5, 5);
        Assert.True(Find($"/proc/{other}/cwd/tmp") == null);
        _world.Files.Descriptors.Close(_world.Table, descriptor);
    }

    [Fact]
    public void Paths_into_proc_lead_back_out_and_nothing_can_be_made_there()
    {
        Inode* fd = Find("/proc/self/fd");
        _world.Files.Contexts.SetCurrentDirectory(_world.Context, fd);
        _world.Files.Inodes.Release(fd);
        byte[] buffer = new byte[100];
        int start = _world.Files.Paths.PathOf(_world.Context->CurrentDirectory, _world.Space->Root, buffer, out bool isReachable);
        Assert.True(isReachable);
        Assert.Equal("/proc/1/fd", Encoding.UTF8.GetString(buffer.AsSpan(start)));
        FileCaller caller = _world.Caller;
        Assert.Equal(Errno.Ok,
            _world.Files.Walks.Resolve(in caller, _world.Context->CurrentDirectory, "../../../dev"u8, WalkFlags.None, out Inode* dev));
        Assert.True(dev == _world.At("/dev"));
        _world.Files.Inodes.Release(dev);
        Assert.Equal(Errno.EPERM, _world.Build.Make("/proc/x"u8, InodeMode.Regular));
        Assert.Equal(Errno.EPERM, _world.Build.Remove("/proc/stat"u8));
        Assert.Equal(Errno.EBUSY, _world.Build.Remove("/proc"u8));
        int inodes = _world.Files.Inodes.Count;
        _world.Files.Contexts.SetCurrentDirectory(_world.Context, _world.Space->Root);
        Assert.Equal(inodes - 1, _world.Files.Inodes.Count);
    }
}
