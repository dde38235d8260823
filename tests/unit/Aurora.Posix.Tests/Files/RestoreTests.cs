using System;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Memory.Tests;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Posix.Tests.Files;

/// <summary>Every kind of file object comes back from a checkpoint as it was, and no record can do harm.</summary>
public sealed unsafe class RestoreTests
{
    [Fact]
    public void Attributes_links_and_devices_come_back()
    {
        using var world = new FileWorld();
        world.WriteFile("/f", "contents"u8, 0x1A0);
        Inode* file = world.At("/f");
        world.Build.SetAttributes(file, 0x9A0, 12, 34, -5_000_000_001);
        foreach (int length in new[] { 1, 56, 57, 2800, 2801, 4095 })
            Assert.Equal(Errno.Ok, world.Build.MakeLink(FileWorld.Bytes($"/l{length}"), FileWorld.Bytes(new string('t', length))));
        using FileWorld next = world.Reboot();
        Inode* restored = next.At("/f");
        Assert.Equal((file->Mode, file->Uid, file->Gid, file->Size), (restored->Mode, restored->Uid, restored->Gid, restored->Size));
        Assert.Equal((-5_000_000_001, file->BirthTime), (restored->ModifyTime, restored->BirthTime));
        Assert.Equal("contents"u8.ToArray(), next.ReadFile(restored));
        Assert.Equal(DeviceNumber.Urandom, next.At("/dev/urandom")->Device);
        foreach (int length in new[] { 1, 56, 57, 2800, 2801, 4095 })
            Assert.Equal(new string('t', length), Encoding.UTF8.GetString(Inodes.TargetOf(next.At($"/l{length}"))));
        Assert.True(next.Space->ProcRoot == next.At("/proc"));
        next.LoadTree();
        Assert.Equal(world.Space->EntryCount, next.Space->EntryCount);
    }

    [Fact]
    public void An_unlinked_open_file_survives_until_it_is_closed()
    {
        using var world = new FileWorld();
        world.WriteFile("/f", "still here"u8);
        OpenFile* file = world.Open(world.At("/f"), OpenFlags.ReadWrite);
        Assert.Equal(Errno.Ok, world.Files.Descriptors.Install(world.Table, file, 5, 100, true, out int descriptor));
        world.Read(file, new byte[6]);
        world.Build.Remove("/f"u8);
        using FileWorld next = world.Reboot();
        OpenFile* restored = Descriptors.Find(next.Table, descriptor);
        Assert.True(Descriptors.IsCloseOnExec(next.Table, descriptor));
        Assert.Equal(0u, restored->Inode->LinkCount);
        byte[] rest = new byte[10];
        Assert.Equal(4, next.Read(restored, rest));
        Assert.Equal("here"u8.ToArray(), rest.Take(4));
        ObjectId id = restored->Inode->Header.Id;
        next.Files.Descriptors.Close(next.Table, descriptor);
        Assert.True(next.Tracker.Find(id) == null);
        next.Checkpoint();
        Assert.False(next.Store.Records.ContainsKey(id.Value));
    }

    [Fact]
    public void Shared_offsets_and_copied_tables_stay_shared_and_copied()
    {
        using var world = new FileWorld();
        world.WriteFile("/f", "0123456789"u8);
        OpenFile* file = world.Open(world.At("/f"), OpenFlags.ReadOnly);
        world.Files.Descriptors.Install(world.Table, file, 0, 100, false, out int first);
        world.Files.OpenFiles.Hold(file);
        world.Files.Descriptors.Install(world.Table, file, 200, 300, false, out int second);
        DescriptorTable* copy = world.Files.Descriptors.CopyTable(world.Table);
        ObjectId copyId = copy->Header.Id;
        world.Files.Descriptors.Close(world.Table, first);
        using FileWorld next = world.Reboot();
        var restoredCopy = (DescriptorTable*)next.Tracker.Find(copyId, ObjectKind.DescriptorTable);
        next.Files.Descriptors.Hold(restoredCopy);
        Assert.True(Descriptors.Find(next.Table, first) == null);
        OpenFile* shared = Descriptors.Find(next.Table, second);
        Assert.True(shared == Descriptors.Find(restoredCopy, first) && shared == Descriptors.Find(restoredCopy, second));
        Assert.Equal(3, shared->Header.References);
        Assert.Equal((1, 2), (next.Table->OpenCount, restoredCopy->OpenCount));
        next.Files.Descriptors.Release(restoredCopy);
        Assert.Equal(1, shared->Header.References);
    }

    [Fact]
    public void Directories_contexts_locks_and_proc_files_come_back()
    {
        using var world = new FileWorld();
        world.Build.MakeDirectories("/home/user"u8);
        world.WriteFile("/home/user/f", "x"u8);
        world.Files.Contexts.SetCurrentDirectory(world.Context, world.At("/home/user"));
        world.Files.Contexts.SetUmask(world.Context, 0x3F);
        Inode* inode = world.At("/home/user/f");
        OpenFile* file = world.Open(inode, OpenFlags.ReadWrite);
        world.Files.Descriptors.Install(world.Table, file, 0, 100, false, out int descriptor);
        Assert.Equal(Errno.Ok, world.Files.Locks.Set(inode, world.Table->Header.Id, 7, false, LockRequest.Exclusive, 10, 19));
        Assert.Equal(Errno.Ok, world.Files.Locks.Set(inode, file->Header.Id, 7, true, LockRequest.Shared, 0, ulong.MaxValue));
        Assert.Equal(Errno.Ok, world.Build.Find("/proc/stat"u8, follow: false, out Inode* stat));
        OpenFile* proc = world.Open(stat, OpenFlags.ReadOnly);
        world.Files.Inodes.Release(stat);
        world.Files.Descriptors.Install(world.Table, proc, 0, 100, false, out int procDescriptor);
        Assert.True(world.Read(proc, new byte[4]) == 4);

        using FileWorld next = world.Reboot();
        Assert.Equal(0x3Fu, next.Context->Umask);
        Assert.True(next.Context->CurrentDirectory == next.At("/home/user"));
        Inode* restored = next.At("/home/user/f");
        FileLock* conflict = next.Files.Locks.FindConflict(restored, new ObjectId(999_999), false, false, 15, 15);
        Assert.Equal((10UL, 19UL, 7), (conflict->Start, conflict->End, conflict->Process));
        Assert.True(next.Files.Locks.FindConflict(restored, new ObjectId(999_999), true, true, 0, 1) != null);
        byte[] rest = new byte[100];
        Assert.True(next.Read(Descriptors.Find(next.Table, procDescriptor), rest) > 10);
        next.Files.Descriptors.Close(next.Table, descriptor);
        Assert.True(restored->FirstLock == null);
    }

    [Fact]
    public void What_did_not_change_is_not_captured_again()
    {
        using var world = new FileWorld();
        world.WriteFile("/f", "x"u8);
        world.Checkpoint();
        Assert.Equal(0, world.Tracker.ChangedCount);
        byte[] one = new byte[1];
        OpenFile* file = world.Open(world.At("/f"), OpenFlags.ReadOnly | OpenFlags.NoAccessTime);
        world.Checkpoint();
        world.Read(file, one);
        Assert.Equal(1, world.Tracker.ChangedCount);
        world.Read(file, one);
        FileCaller caller = world.Caller;
        world.Files.Walks.Resolve(in caller, world.Space->Root, "/dev/null"u8, WalkFlags.None, out Inode* inode);
        world.Files.Inodes.Release(inode);
        Assert.Equal(1, world.Tracker.ChangedCount);
        world.Files.OpenFiles.Release(file);
    }

    /// <summary>Damaged records are refused or taken for what they say, but never panic, and what was taken can be walked and
    /// removed.</summary>
    [Fact]
    public void Damaged_records_never_panic()
    {
        using var world = new FileWorld();
        world.Build.MakeDirectories("/a/b/c"u8);
        world.WriteFile("/a/f", new byte[5000]);
        world.Build.MakeLink("/a/l"u8, FileWorld.Bytes(new string('x', 3000)));
        world.Build.Make("/a/fifo"u8, InodeMode.Fifo | 0x1B6);
        OpenFile* file = world.Open(world.At("/a/f"), OpenFlags.ReadWrite);
        world.Files.Descriptors.Install(world.Table, file, 0, 100, false, out _);
        world.Files.Locks.Set(file->Inode, file->Header.Id, 7, true, LockRequest.Shared, 0, ulong.MaxValue);
        OpenFile* fifo = world.Open(world.At("/a/fifo"), OpenFlags.ReadWrite);
        world.Files.Descriptors.Install(world.Table, fifo, 0, 100, false, out _);
        world.Write(fifo, "bytes"u8);
        world.Checkpoint();
        ulong[] ids = world.Store.Records.Keys.Order().ToArray();
        var random = new Random(5);
        for (int round = 0; round < 400; round++)
        {
            ModelStore store = world.Store.Copy();
            ulong id = ids[random.Next(ids.Length)];
            byte[] payload = (byte[])store.Records[id].Payload.Clone();
            if (random.Next(4) == 0)
                Array.Resize(ref payload, random.Next(payload.Length + 20));
            else if (payload.Length > 0)
                payload[random.Next(payload.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)ids[random.Next(ids.Length)];
            store.Records[id] = (store.Records[id].Kind, payload);
            using var victim = new FileWorld(store, isExpectedToFail: true);
            if (victim.LoadStatus == RestoreStatus.Ok && victim.Space->Root != null)
            {
                foreach (string path in new[] { "/a/b/c/../../f", "/a/l", "/a/fifo", "/dev/null", "/a/b/c/d/e" })
                    victim.Exists(path);
                Ravage(victim, victim.Space->Root, "", 0);
                victim.Checkpoint();
            }
        }
    }

    // Whatever the records say, each name can be followed or not, removed or not, and made again or not.
    private static void Ravage(FileWorld world, Inode* directory, string path, int depth)
    {
        Assert.True(depth < 10);
        for (ulong position = 0; !directory->IsProc;)
        {
            if (world.Build.Next(directory, position, out DirectoryEntry* entry) != Errno.Ok || entry == null)
                break;
            position = entry->Position;
            string name = path + "/" + Encoding.UTF8.GetString(DirectoryEntry.NameOf(entry));
            bool isThere = world.Build.Follow(entry) == Errno.Ok;
            if (isThere && entry->Target->IsDirectory)
                Ravage(world, entry->Target, name, depth + 1);
            world.Build.Remove(FileWorld.Bytes(name));
            world.Build.Make(FileWorld.Bytes(name), InodeMode.Regular);
        }
    }
}
