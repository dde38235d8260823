using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Posix.Tests.Files;

public sealed unsafe class NamespaceTests : IDisposable
{
    private readonly FileWorld _world = new();

    public void Dispose() => _world.Dispose();

    private Errno Resolve(string path, WalkFlags flags = WalkFlags.FollowLast)
    {
        FileCaller caller = _world.Caller;
        Errno error = _world.Files.Walks.Resolve(in caller, _world.Context->CurrentDirectory, FileWorld.Bytes(path), flags,
            out Inode* inode);
        if (error == Errno.Ok)
            _world.Files.Inodes.Release(inode);
        return error;
    }

    private string PathOf(Inode* inode)
    {
        byte[] buffer = new byte[4096];
        int start = _world.Files.Paths.PathOf(inode, _world.Space->Root, buffer, out bool isReachable);
        return Encoding.UTF8.GetString(buffer.AsSpan(start)) + (isReachable ? "" : "?");
    }

    private Errno MakeDirectory(string path, uint permissions = 0x1ED) => _world.Build.MakeDirectories(FileWorld.Bytes(path), permissions);

    [Fact]
    public void Walks_follow_links_dots_and_slashes_as_POSIX_says()
    {
        MakeDirectory("/a/b/c");
        _world.WriteFile("/a/file", "x"u8);
        _world.Build.MakeLink("/a/link"u8, "b/c"u8);
        _world.Build.MakeLink("/a/absolute"u8, "/a/b"u8);
        _world.Build.MakeLink("/a/tofile"u8, "file"u8);
        _world.Build.MakeLink("/a/dangling"u8, "nothing"u8);
        Assert.Equal(Errno.Ok, Resolve("/a/./b/../b//c/"));
        Assert.Equal(Errno.Ok, Resolve("/../../a/link/.."));
        Assert.Equal(Errno.Ok, Resolve("a/absolute/c"));
        Assert.Equal(Errno.ENOENT, Resolve(""));
        Assert.Equal(Errno.ENOENT, Resolve("/a/nothing"));
        Assert.Equal(Errno.ENOENT, Resolve("/a/dangling"));
        Assert.Equal(Errno.Ok, Resolve("/a/dangling", WalkFlags.None));
        Assert.Equal(Errno.ENOTDIR, Resolve("/a/file/"));
        Assert.Equal(Errno.ENOTDIR, Resolve("/a/tofile/"));
        Assert.Equal(Errno.ENOTDIR, Resolve("/a/file/x"));
        Assert.Equal(Errno.ENOTDIR, Resolve("/a/file/.."));
        Assert.Equal(Errno.ENAMETOOLONG, Resolve("/" + new string('n', 256)));
        Assert.Equal(Errno.ENOTDIR, Resolve("/a/file/" + new string('n', 256)));
        Assert.Equal(Errno.ENOENT, Resolve("/" + new string('n', 255)));
        Assert.Equal(Errno.ENAMETOOLONG, Resolve(string.Concat(Enumerable.Repeat("/a", 2048))));
        Assert.Equal(Errno.ELOOP, Resolve("/a/link", WalkFlags.NoLinks | WalkFlags.FollowLast));
        Assert.Equal(Errno.EXDEV, Resolve("/a", WalkFlags.Beneath));
        Assert.Equal(Errno.EXDEV, Resolve("a/../../a", WalkFlags.Beneath));
        Assert.Equal("/a/b/c", PathOf(_world.At("/a/link", follow: true)));
    }

    [Fact]
    public void Forty_links_are_followed_and_no_more()
    {
        _world.WriteFile("/l0", "x"u8);
        for (int i = 1; i <= 41; i++)
            _world.Build.MakeLink(FileWorld.Bytes($"/l{i}"), FileWorld.Bytes($"l{i - 1}"));
        Assert.Equal(Errno.Ok, Resolve("/l40"));
        Assert.Equal(Errno.ELOOP, Resolve("/l41"));
        _world.Build.MakeLink("/self"u8, "self"u8);
        Assert.Equal(Errno.ELOOP, Resolve("/self"));
    }

    [Fact]
    public void Permissions_are_those_of_owner_group_and_others()
    {
        MakeDirectory("/d", 0x1E8);
        _world.WriteFile("/d/f", "x"u8);
        Inode* file = _world.At("/d/f");
        _world.Build.SetAttributes(_world.At("/d"), 0x1E8, 10, 20, 0);
        _world.Build.SetAttributes(file, 0x1A0, 10, 20, 0);
        Errno Check(uint uid, uint gid, FileAccess access)
        {
            _world.ActAs(uid, gid);
            FileCaller caller = _world.Caller;
            return Permissions.Check(file, in caller, access);
        }
        Assert.Equal(Errno.Ok, Check(10, 99, FileAccess.Read | FileAccess.Write));
        Assert.Equal(Errno.EACCES, Check(10, 99, FileAccess.Execute));
        Assert.Equal(Errno.Ok, Check(11, 20, FileAccess.Read));
        Assert.Equal(Errno.EACCES, Check(11, 20, FileAccess.Write));
        Assert.Equal(Errno.EACCES, Check(11, 21, FileAccess.Read));
        Assert.Equal(Errno.Ok, Check(0, 0, FileAccess.Read | FileAccess.Write));
        Assert.Equal(Errno.EACCES, Check(0, 0, FileAccess.Execute));
        _world.ActAs(11, 21);
        Assert.Equal(Errno.EACCES, Resolve("/d/f"));
    }

    [Fact]
    public void In_a_sticky_directory_only_owners_remove()
    {
        _world.WriteFile("/tmp/f", "x"u8);
        _world.Build.SetAttributes(_world.At("/tmp/f"), 0x1B6, 10, 10, 0);
        Inode* tmp = _world.At("/tmp");
        _world.ActAs(11, 11);
        FileCaller caller = _world.Caller;
        Assert.Equal(Errno.EPERM, _world.Files.Removal.Unlink(in caller, tmp, "f"u8));
        Assert.Equal(Errno.EPERM, _world.Files.Renames.Rename(in caller, tmp, "f"u8, tmp, "g"u8, RenameFlags.None));
        _world.ActAs(10, 11);
        caller = _world.Caller;
        Assert.Equal(Errno.Ok, _world.Files.Removal.Unlink(in caller, tmp, "f"u8));
    }

    [Fact]
    public void Set_group_id_directories_pass_on_their_group()
    {
        MakeDirectory("/g");
        _world.Build.SetAttributes(_world.At("/g"), InodeMode.SetGid | InodeMode.AccessMask, 0, 77, 0);
        _world.Build.Make("/g/sub"u8, InodeMode.Directory | 0x1ED);
        _world.WriteFile("/g/sub/f", "x"u8);
        Assert.Equal(77u, _world.At("/g/sub")->Gid);
        Assert.NotEqual(0u, _world.At("/g/sub")->Mode & InodeMode.SetGid);
        Assert.Equal(77u, _world.At("/g/sub/f")->Gid);
    }

    [Fact]
    public void Rename_refuses_what_would_break_the_tree()
    {
        MakeDirectory("/a/b");
        MakeDirectory("/full/x");
        _world.WriteFile("/f", "f"u8);
        FileCaller caller = _world.Caller;
        Inode* root = _world.Space->Root;
        Inode* b = _world.At("/a/b");
        Assert.Equal(Errno.EINVAL, _world.Files.Renames.Rename(in caller, root, "a"u8, b, "a"u8, RenameFlags.None));
        Assert.Equal(Errno.ENOTEMPTY, _world.Files.Renames.Rename(in caller, root, "a"u8, root, "full"u8, RenameFlags.None));
        Assert.Equal(Errno.EISDIR, _world.Files.Renames.Rename(in caller, root, "f"u8, root, "a"u8, RenameFlags.None));
        Assert.Equal(Errno.ENOTDIR, _world.Files.Renames.Rename(in caller, root, "a"u8, root, "f"u8, RenameFlags.None));
        Assert.Equal(Errno.EBUSY, _world.Files.Renames.Rename(in caller, root, "proc"u8, root, "p"u8, RenameFlags.None));
        Assert.Equal(Errno.EEXIST, _world.Files.Renames.Rename(in caller, root, "f"u8, root, "a"u8, RenameFlags.NoReplace));
        Assert.Equal(Errno.EINVAL, _world.Files.Renames.Rename(in caller, b, "a"u8, root, "a"u8, RenameFlags.Exchange) is Errno.ENOENT
            ? _world.Files.Renames.Rename(in caller, root, "a"u8, _world.At("/a"), "b"u8, RenameFlags.Exchange) : Errno.Ok);
        Assert.Equal(Errno.Ok, _world.Files.Renames.Rename(in caller, root, "f"u8, _world.At("/a"), "b"u8, RenameFlags.Exchange));
        Assert.True(_world.At("/f")->IsDirectory);
        Assert.True(_world.At("/a/b")->IsRegular);
        Assert.Equal("/f", PathOf(b));
        Assert.Equal(2u, _world.At("/a")->LinkCount);
    }

    [Fact]
    public void A_removed_directory_that_is_held_takes_no_new_names_and_knows_where_it_was()
    {
        MakeDirectory("/gone");
        Inode* gone = _world.At("/gone");
        _world.Files.Contexts.SetCurrentDirectory(_world.Context, gone);
        Assert.Equal(Errno.Ok, _world.Build.Remove("/gone"u8));
        FileCaller caller = _world.Caller;
        Assert.Equal(Errno.ENOENT, _world.Files.Creation.Make(in caller, gone, "x"u8, InodeMode.Regular, 0, out _));
        Assert.Equal(Errno.Ok, Resolve(".."));
        Assert.Equal(Errno.Ok, Resolve("."));
        Assert.Equal("/gone", PathOf(gone));
        Assert.Equal(0u, gone->LinkCount);
        int before = _world.Files.Inodes.Count;
        _world.Files.Contexts.SetCurrentDirectory(_world.Context, _world.Space->Root);
        Assert.Equal(before - 1, _world.Files.Inodes.Count);
    }

    [Fact]
    public void Positions_in_a_directory_survive_additions_and_removals()
    {
        MakeDirectory("/dir");
        for (int i = 0; i < 50; i++)
            _world.WriteFile($"/dir/f{i}", default);
        Inode* dir = _world.At("/dir");
        var seen = new List<string>();
        ulong position = 0;
        for (int step = 0; ; step++)
        {
            Assert.Equal(Errno.Ok, _world.Build.Next(dir, position, out DirectoryEntry* entry));
            if (entry == null)
                break;
            position = entry->Position;
            string name = Encoding.UTF8.GetString(DirectoryEntry.NameOf(entry));
            seen.Add(name);
            if (step < 20)
                _world.Build.Remove(FileWorld.Bytes("/dir/" + name));
            if (step == 10)
                _world.Build.Remove("/dir/f30"u8);
            if (step % 5 == 0)
                _world.WriteFile($"/dir/g{step}", default);
        }
        Assert.Equal(seen.Distinct(), seen);
        Assert.Empty(Enumerable.Range(0, 50).Where(i => i != 30).Select(i => $"f{i}").Except(seen));
    }

    [Fact]
    public void Hard_links_share_the_file_and_count()
    {
        _world.WriteFile("/one", "data"u8);
        Assert.Equal(Errno.Ok, _world.Build.MakeHardLink("/two"u8, "/one"u8));
        Inode* inode = _world.At("/one");
        Assert.True(inode == _world.At("/two"));
        Assert.Equal(2u, inode->LinkCount);
        Assert.Equal(Errno.EPERM, _world.Build.MakeHardLink("/d"u8, "/dev"u8));
        _world.Build.Remove("/one"u8);
        Assert.Equal(1u, inode->LinkCount);
        Assert.Equal("data"u8.ToArray(), _world.ReadFile(_world.At("/two")));
    }
}
