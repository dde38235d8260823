using System;
using System.Linq;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>Extended attributes: kept with the file, over restores, for whom they are for.</summary>
public sealed unsafe class ExtendedAttributeTests : IDisposable
{
    private const int Set = 188;
    private const int Get = 191;
    private const int List = 194;
    private const int Remove = 197;
    private const int SetLink = 189;
    private const int GetLink = 192;
    private const int SetOpen = 190;
    private const int GetOpen = 193;
    private const int ListOpen = 196;
    private const int RemoveOpen = 199;
    private const ulong Create = 1;
    private const ulong Replace = 2;

    private readonly Answers _answers = new();

    public ExtendedAttributeTests()
        => _answers.Kernel.Do(_answers.Init, 3, _answers.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite, 0x1A4));

    public void Dispose() => _answers.Dispose();

    private static long Error(Errno error) => Answers.Error(error);

    private long SetIt(string path, string name, string value, ulong flags = 0, int call = Set)
        => _answers.Call(call, _answers.Path(path), _answers.Path(name, 1), _answers.Kernel.PokeText(_answers.Init, Answers.Data, value),
            (ulong)value.Length, flags);

    private string GetIt(string path, string name, int call = Get)
    {
        long length = _answers.Call(call, _answers.Path(path), _answers.Path(name, 1), Answers.Data, 4000);
        return length < 0 ? ((Errno)(-length)).ToString() : _answers.Peek(Answers.Data, (int)length);
    }

    private string ListIt(string path)
        => _answers.Peek(Answers.Data, (int)_answers.Call(List, _answers.Path(path), Answers.Data, 4000));

    [Fact]
    public void Attributes_are_kept_and_changed_and_taken_away()
    {
        string longest = "user." + new string('n', 250);
        string large = new('v', 2500);
        Assert.Equal(0, SetIt("/f", "user.b", "second"));
        Assert.Equal(0, SetIt("/f", "user.a", "first", Create));
        Assert.Equal(0, SetIt("/f", longest, large));
        Assert.Equal(0, SetIt("/f", "trusted.empty", ""));
        Assert.Equal(Error(Errno.EEXIST), SetIt("/f", "user.a", "x", Create));
        Assert.Equal(Error(Errno.ENODATA), SetIt("/f", "user.c", "x", Replace));
        Assert.Equal(0, SetIt("/f", "user.b", "another", Replace));
        _answers.Move();
        Assert.Equal(("first", "another", large, ""),
            (GetIt("/f", "user.a"), GetIt("/f", "user.b"), GetIt("/f", longest), GetIt("/f", "trusted.empty")));
        Assert.Equal($"trusted.empty\0user.a\0user.b\0{longest}\0", ListIt("/f"));
        Assert.Equal(0, _answers.Call(Remove, _answers.Path("/f"), _answers.Path("user.a", 1)));
        Assert.Equal(Error(Errno.ENODATA), _answers.Call(Remove, _answers.Path("/f"), _answers.Path("user.a", 1)));
        _answers.Move();
        Assert.Equal("ENODATA", GetIt("/f", "user.a"));
        Assert.Equal(0, _answers.Call(87, _answers.Path("/f")));
    }

    [Fact]
    public void Sizes_are_asked_for_and_refused_as_on_Linux()
    {
        Assert.Equal(0, SetIt("/f", "user.a", "12345"));
        ulong path = _answers.Path("/f");
        ulong name = _answers.Path("user.a", 1);
        Assert.Equal(5, _answers.Call(Get, path, name, Answers.Data, 0));
        Assert.Equal(Error(Errno.ERANGE), _answers.Call(Get, path, name, Answers.Data, 4));
        Assert.Equal(5, _answers.Call(Get, path, name, Answers.Data, 100_000));
        Assert.Equal(Error(Errno.EFAULT), _answers.Call(Get, path, name, Answers.Nowhere, 10));
        Assert.Equal(7, _answers.Call(List, path, Answers.Data, 0));
        Assert.Equal(Error(Errno.ERANGE), _answers.Call(List, path, Answers.Data, 6));
        Assert.Equal(Error(Errno.E2BIG), _answers.Call(Set, path, name, Answers.Data, 65_537, 0));
        Assert.Equal(Error(Errno.ENOSPC), _answers.Call(Set, path, name, Answers.Data, 4000, 0));
        Assert.Equal(Error(Errno.EFAULT), _answers.Call(Set, path, name, Answers.Nowhere, 10, 0));
        Assert.Equal(Error(Errno.EINVAL), _answers.Call(Set, path, name, Answers.Data, 5, 4));
        Assert.Equal(Error(Errno.EFAULT), _answers.Call(Get, path, Answers.Nowhere, 0, 0));
        Assert.Equal(("ERANGE", "ERANGE", "EINVAL"), (GetIt("/f", ""), GetIt("/f", "user." + new string('n', 251)), GetIt("/f", "user.")));
        Assert.Equal(("EOPNOTSUPP", "EOPNOTSUPP"), (GetIt("/f", "system.posix_acl_access"), GetIt("/f", "odd.name")));
        Assert.Equal(("ENOENT", "EOPNOTSUPP"), (GetIt("/nope", "user.a"), GetIt("/proc/version", "user.a")));
    }

    [Fact]
    public void All_attributes_of_a_file_share_the_room_of_one_object()
    {
        int objects = _answers.Kernel.Tracker.Count;
        int room = ExtendedAttributes.MaxBytes;
        string large = new('v', 500);
        int count = 0;
        for (; room >= ExtendedAttributes.HeadBytes + 7 + 500; room -= ExtendedAttributes.HeadBytes + 7 + 500)
            Assert.Equal(0, SetIt("/f", $"user.{count++:d2}", large));
        Assert.Equal(objects + 1, _answers.Kernel.Tracker.Count);
        Assert.Equal(Error(Errno.ENOSPC), SetIt("/f", "user.zz", large));
        Assert.Equal(Error(Errno.ENOSPC), SetIt("/f", "user.00", large + new string('w', room + 1)));
        Assert.Equal(0, SetIt("/f", "user.00", large + new string('w', room)));
        Assert.Equal(Error(Errno.ENOSPC), SetIt("/f", "user.z", ""));
        _answers.Move();
        Assert.Equal((large + new string('w', room), large), (GetIt("/f", "user.00"), GetIt("/f", "user.04")));
        for (int i = 0; i < count; i++)
            Assert.Equal(0, SetIt("/f", $"user.{i:d2}", $"{i}"));
        _answers.Move();
        _answers.Kernel.LoadTree();
        Assert.Equal("3", GetIt("/f", "user.03"));
        for (int i = count - 1; i >= 0; i--)
            Assert.Equal(0, _answers.Call(Remove, _answers.Path("/f"), _answers.Path($"user.{i:d2}", 1)));
        Assert.Equal(objects, _answers.Kernel.Tracker.Count);
        Assert.Equal("", ListIt("/f"));
    }

    [Fact]
    public void Each_kind_is_for_whom_it_is_for()
    {
        _answers.Kernel.Do(_answers.Init, 133, _answers.Path("/fifo"), 0x11B6);
        _answers.Kernel.Do(_answers.Init, 83, _answers.Path("/sticky"), 0x1FF);
        _answers.Kernel.Do(_answers.Init, 90, _answers.Path("/sticky"), 0x3FF);
        _answers.Kernel.Do(_answers.Init, 88, _answers.Path("f"), _answers.Path("/link", 1));
        Assert.Equal(Error(Errno.EPERM), SetIt("/fifo", "user.a", "x"));
        Assert.Equal("ENODATA", GetIt("/fifo", "user.a"));
        Assert.Equal(0, SetIt("/fifo", "trusted.a", "x"));
        Assert.Equal(0, SetIt("/link", "user.through", "x"));
        Assert.Equal(Error(Errno.EPERM), SetIt("/link", "user.link", "x", 0, SetLink));
        Assert.Equal(0, SetIt("/link", "trusted.link", "of the link", 0, SetLink));
        Assert.Equal(("of the link", "ENODATA", "x"),
            (GetIt("/link", "trusted.link", GetLink), GetIt("/link", "trusted.link"), GetIt("/f", "user.through")));
        Assert.Equal(0, SetIt("/f", "trusted.t", "x"));
        Assert.Equal(0, SetIt("/f", "security.s", "label"));
        _answers.BecomeUser();
        Assert.Equal("security.s\0user.through\0", ListIt("/f"));
        Assert.Equal(("ENODATA", "label", "x"), (GetIt("/f", "trusted.t"), GetIt("/f", "security.s"), GetIt("/f", "user.through")));
        Assert.Equal(Error(Errno.EPERM), SetIt("/f", "trusted.t", "y"));
        Assert.Equal(Error(Errno.EPERM), SetIt("/f", "security.s", "y"));
        Assert.Equal(Error(Errno.EACCES), SetIt("/f", "user.through", "y"));
        Assert.Equal(Error(Errno.EPERM), SetIt("/sticky", "user.a", "y"));
    }

    [Fact]
    public void Open_files_have_them_too()
    {
        ulong file = _answers.Open("/f");
        ulong name = _answers.Path("user.a", 1);
        Assert.Equal(0, _answers.Call(SetOpen, file, name, _answers.Kernel.PokeText(_answers.Init, Answers.Data, "open"), 4, 0));
        _answers.Kernel.Do(_answers.Init, 87, _answers.Path("/f"));
        _answers.Move();
        Assert.Equal(4, _answers.Call(GetOpen, file, name, Answers.Data + 100, 100));
        Assert.Equal("open", _answers.Peek(Answers.Data + 100, 4));
        Assert.Equal(7, _answers.Call(ListOpen, file, Answers.Data, 100));
        Assert.Equal(0, _answers.Call(RemoveOpen, file, name));
        Assert.Equal(Error(Errno.EBADF), _answers.Call(GetOpen, 99, name, Answers.Data, 100));
        int objects = _answers.Kernel.Tracker.Count;
        Assert.Equal(0, _answers.Call(SetOpen, file, name, Answers.Data, 4, 0));
        Assert.Equal(objects + 1, _answers.Kernel.Tracker.Count);
        _answers.Kernel.Do(_answers.Init, 3, file);
        Assert.True(_answers.Kernel.Tracker.Count < objects);
    }
}
