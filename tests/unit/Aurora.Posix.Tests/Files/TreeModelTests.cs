using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace Aurora.Posix.Tests.Files;

/// <summary>
/// Random histories of a directory tree against <see cref="TreeModel"/>, with reboots in between, and what is clean going out of memory at
/// odd moments.
/// </summary>
public sealed unsafe class TreeModelTests
{
    private static readonly string[] Names = ["a", "b", "c", new('L', 60), new('N', 255)];

    /// <summary>One step: an operation, two paths, and a number.</summary>
    public sealed record Step(int Operation, int[] First, int[] Second)
    {
        public override string ToString() => $"{Operation} {string.Join('/', First)} {string.Join('/', Second)}";
    }

    public static class Generators
    {
        private static readonly Gen<int[]> Path =
            from length in Gen.Choose(1, 3)
            from names in Gen.Choose(0, Names.Length - 1).ArrayOf(length)
            select names;

        public static Arbitrary<Step> Steps() => Arb.From(
            from operation in Gen.Choose(0, 17)
            from first in Path
            from second in Path
            select new Step(operation, first, second));
    }

    [Property(Arbitrary = [typeof(Generators)], MaxTest = 25, StartSize = 60, EndSize = 250)]
    public void The_tree_behaves_as_the_model_also_across_reboots(Step[] steps)
    {
        var world = new FileWorld();
        world.Build.Make("/t"u8, InodeMode.Directory | InodeMode.AccessMask);
        var model = new TreeModel();
        foreach (Step step in steps)
        {
            if (step.Operation == 11)
            {
                FileWorld next = world.Reboot();
                world.Dispose();
                world = next;
                continue;
            }
            if (step.Operation > 11)
            {
                Disturb(world, step);
                continue;
            }
            bool expected = Apply(model, step);
            Errno actual = Apply(world, step);
            Assert.True(expected == (actual == Errno.Ok), $"{step.Operation} {Text(step.First)} {Text(step.Second)}: {actual}");
        }
        Assert.Equal(model.Describe(), Describe(world));
        Empty(world, world.At("/t"), "/t");
        Assert.Equal(0u, world.At("/t")->EntryCount);
        world.Dispose();
    }

    // Checkpoints, durable or not yet, the hand on its way, and readings that end later or never.
    private static void Disturb(FileWorld world, Step step)
    {
        switch (step.Operation)
        {
            case 12 or 13:
                world.Checkpoint();
                break;
            case 14:
                world.Submit();
                break;
            case 15:
                world.Land();
                break;
            case 16:
                world.DropNames();
                break;
            default:
                FileCaller caller = world.Caller;
                byte[] path = FileWorld.Bytes(Text(step.First));
                if (world.Files.Walks.Resolve(in caller, world.Space->Root, path, WalkFlags.None, out Inode* found) == Errno.Ok)
                    world.Files.Inodes.Release(found);
                world.Scheduler.LeaveQueues(world.Thread);
                world.Files.Reclaim.Step();
                break;
        }
    }

    private static string[] PathOf(int[] path) => path.Select(i => Names[i]).ToArray();

    private static string Text(int[] path) => "/t/" + string.Join('/', PathOf(path));

    private static bool Apply(TreeModel model, Step step)
    {
        string[] first = PathOf(step.First);
        string[] second = PathOf(step.Second);
        return step.Operation switch
        {
            0 or 1 => model.Make(first, isDirectory: true, null),
            2 or 3 => model.Make(first, isDirectory: false, null),
            4 => model.Make(first, isDirectory: false, "/nowhere" + Text(step.Second)),
            5 => model.Link(first, second),
            6 or 7 => model.Remove(first),
            8 or 9 => model.Rename(first, second),
            _ => model.Exchange(first, second),
        };
    }

    private static Errno Apply(FileWorld world, Step step)
    {
        byte[] first = FileWorld.Bytes(Text(step.First));
        byte[] second = FileWorld.Bytes(Text(step.Second));
        switch (step.Operation)
        {
            case 0 or 1:
                // Make accepts an existing directory; the model does not.
                return world.Exists(Text(step.First)) ? Errno.EEXIST : world.Build.Make(first, InodeMode.Directory | InodeMode.AccessMask);
            case 2 or 3:
                return world.Build.Make(first, InodeMode.Regular | InodeMode.AccessMask);
            case 4:
                return world.Build.MakeLink(first, FileWorld.Bytes("/nowhere" + Text(step.Second)));
            case 5:
                return world.Build.MakeHardLink(first, second);
            case 6 or 7:
                return world.Build.Remove(first);
            default:
                return Rename(world, first, second, step.Operation == 10 ? RenameFlags.Exchange : RenameFlags.None);
        }
    }

    // As a program's call is: begun again from the start when what it needs has been read.
    private static Errno Rename(FileWorld world, byte[] from, byte[] to, RenameFlags flags)
    {
        Errno error;
        while ((error = TryRename(world, from, to, flags)) == Errno.EIOCBQUEUED)
        {
            world.Scheduler.LeaveQueues(world.Thread);
            world.Files.Loader.ServeAll();
        }
        return error;
    }

    private static Errno TryRename(FileWorld world, byte[] from, byte[] to, RenameFlags flags)
    {
        FileCaller caller = world.Caller;
        Errno error = world.Files.Walks.Walk(in caller, world.Space->Root, from, WalkFlags.None, out WalkResult source);
        if (error != Errno.Ok)
            return error;
        error = world.Files.Walks.Walk(in caller, world.Space->Root, to, WalkFlags.AllowMissing, out WalkResult target);
        if (error == Errno.Ok)
        {
            error = world.Files.Renames.Rename(in caller, source.Directory, source.Name, target.Directory, target.Name, flags);
            world.Files.Inodes.Release(ref target);
        }
        world.Files.Inodes.Release(ref source);
        return error;
    }

    private static SortedDictionary<string, string> Describe(FileWorld world)
    {
        var lines = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Describe(world, world.At("/t"), "", lines);
        return lines;
    }

    private static void Describe(FileWorld world, Inode* directory, string path, SortedDictionary<string, string> lines)
    {
        foreach (string name in Entries(world, directory))
        {
            string full = path + "/" + name;
            Inode* inode = world.At("/t" + full);
            lines[full] = inode->IsDirectory ? $"directory {inode->LinkCount}"
                : inode->IsSymbolicLink ? $"link {Encoding.UTF8.GetString(Inodes.TargetOf(inode))} {inode->LinkCount}"
                : $"file {inode->LinkCount}";
            Assert.True(!inode->IsDirectory || inode->Parent == directory);
            if (inode->IsDirectory)
                Describe(world, inode, full, lines);
        }
    }

    private static List<string> Entries(FileWorld world, Inode* directory)
    {
        var names = new List<string>();
        for (ulong position = 0; ;)
        {
            Assert.Equal(Errno.Ok, world.Build.Next(directory, position, out DirectoryEntry* entry));
            if (entry == null)
                break;
            names.Add(Encoding.UTF8.GetString(DirectoryEntry.NameOf(entry)));
            position = entry->Position;
        }
        Assert.Equal((int)directory->EntryCount, names.Count);
        return names;
    }

    private static void Empty(FileWorld world, Inode* directory, string path)
    {
        foreach (string name in Entries(world, directory))
        {
            string full = path + "/" + name;
            if (world.At(full)->IsDirectory)
                Empty(world, world.At(full), full);
            Assert.Equal(Errno.Ok, world.Build.Remove(FileWorld.Bytes(full)));
        }
    }
}
