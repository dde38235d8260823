using System;
using System.Linq;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>Where files have data: lseek and st_blocks; and programs that run and files that are written keep each other away.</summary>
public sealed unsafe class HoleTests : IDisposable
{
    private const ulong Data = 3;
    private const ulong Hole = 4;

    private readonly Answers _answers = new();

    public void Dispose() => _answers.Dispose();

    private ulong Sparse(params ulong[] pages)
    {
        ulong file = _answers.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        foreach (ulong page in pages)
            _answers.Kernel.Do(_answers.Init, 18, file, _answers.Kernel.PokeText(_answers.Init, Answers.Data, "x"), 1, page << 12);
        return file;
    }

    private long Seek(ulong file, long offset, ulong whence)
    {
        long? result = _answers.Kernel.Call(_answers.Init, 8, file, (ulong)offset, whence);
        for (; result is null; result = _answers.Kernel.Resume(_answers.Init))
            _answers.Kernel.ServePager();
        return result.Value;
    }

    private long Blocks(string path)
    {
        Assert.Equal(0, _answers.Call(4, _answers.Path(path), Answers.Words));
        return _answers.Kernel.Peek<long>(_answers.Init, Answers.Words + 64);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Data_and_holes_are_found(bool moves)
    {
        ulong file = Sparse(2, 3, 700, 2000);
        _answers.Kernel.Do(_answers.Init, 77, file, (3000 << 12) + 100);
        if (moves)
            _answers.Move();
        Assert.Equal(2 << 12, Seek(file, 0, Data));
        Assert.Equal((2 << 12) + 5, Seek(file, (2 << 12) + 5, Data));
        Assert.Equal(700 << 12, Seek(file, 4 << 12, Data));
        Assert.Equal(2000 << 12, Seek(file, 701 << 12, Data));
        Assert.Equal(Answers.Error(Errno.ENXIO), Seek(file, 2001 << 12, Data));
        Assert.Equal(0, Seek(file, 0, Hole));
        Assert.Equal(4 << 12, Seek(file, (2 << 12) + 1, Hole));
        Assert.Equal(701 << 12, Seek(file, 700 << 12, Hole));
        Assert.Equal((2500 << 12) + 7, Seek(file, (2500 << 12) + 7, Hole));
        Assert.Equal(Answers.Error(Errno.ENXIO), Seek(file, (3000 << 12) + 100, Hole));
        Assert.Equal(Answers.Error(Errno.ENXIO), Seek(file, -1, Hole));
    }

    [Fact]
    public void A_file_without_holes_has_one_behind_its_end_and_one_without_data_has_nothing_else()
    {
        ulong full = Sparse(Enumerable.Range(0, 600).Select(i => (ulong)i).ToArray());
        Assert.Equal((599 << 12) + 1, Seek(full, 5000, Hole));
        ulong empty = _answers.Open("/empty", OpenFlags.Create | OpenFlags.ReadWrite);
        _answers.Kernel.Do(_answers.Init, 77, empty, 1 << 20);
        Assert.Equal(Answers.Error(Errno.ENXIO), Seek(empty, 0, Data));
        Assert.Equal(0, Seek(empty, 0, Hole));
    }

    [Fact]
    public void Blocks_are_pages_that_are_there()
    {
        ulong file = Sparse(2, 3, 700, 100_000);
        Assert.Equal(4 * 8, Blocks("/f"));
        _answers.Kernel.Do(_answers.Init, 285, file, 3, 3 << 12, 1000 << 12);
        Assert.Equal(2 * 8, Blocks("/f"));
        _answers.Kernel.Do(_answers.Init, 77, file, 3 << 12);
        Assert.Equal(8, Blocks("/f"));
        _answers.Kernel.Do(_answers.Init, 77, file, 1UL << 40);
        Assert.Equal(8, Blocks("/f"));
        Assert.Equal(0, Blocks("/dev"));
    }

    [Fact]
    public void What_runs_is_not_written_and_what_is_written_does_not_run()
    {
        _answers.Kernel.WriteFile("/program", ElfBuilder.Build());
        _answers.Kernel.WriteFile("/script", "#!/program\n"u8);
        ulong writing = _answers.Open("/program");
        Thread* child = _answers.Kernel.Fork(_answers.Init);
        Assert.Equal(Answers.Error(Errno.ETXTBSY), Run(child, "/program"));
        Assert.Equal(Answers.Error(Errno.ETXTBSY), Run(child, "/script"));
        _answers.Move();
        child = _answers.Kernel.ThreadOf(2);
        Assert.Equal(Answers.Error(Errno.ETXTBSY), Run(child, "/program"));
        // The child has it open too.
        _answers.Kernel.Do(_answers.Init, 3, writing);
        _answers.Kernel.Do(child, 3, writing);
        Assert.True(Run(child, "/program") >= 0);
        Assert.Equal(Answers.Error(Errno.ETXTBSY), _answers.Call(2, _answers.Path("/program"), 1));
        Assert.Equal(Answers.Error(Errno.ETXTBSY), _answers.Call(2, _answers.Path("/program"), OpenFlags.Truncate));
        Assert.Equal(Answers.Error(Errno.ETXTBSY), _answers.Call(76, _answers.Path("/program"), 0));
        _answers.Move();
        Assert.Equal(Answers.Error(Errno.ETXTBSY), _answers.Call(2, _answers.Path("/program"), 2));
        _answers.Kernel.Do(_answers.Init, 3, _answers.Open("/program", 0));
        Assert.Null(_answers.Kernel.Call(_answers.Kernel.ThreadOf(2), 231, 0));
        Assert.True(_answers.Call(2, _answers.Path("/program"), 2) >= 0);
    }

    [Fact]
    public void What_is_mapped_to_be_written_does_not_run()
    {
        const ulong at = 0x7000_0000;
        _answers.Kernel.WriteFile("/program", ElfBuilder.Build());
        ulong file = _answers.Open("/program");
        Assert.Equal((long)at, _answers.Call(9, at, 4096, 3, 0x11, file, 0));
        _answers.Kernel.Do(_answers.Init, 3, file);
        int id = _answers.Kernel.Fork(_answers.Init)->Id;
        Assert.Equal(0, _answers.Kernel.Do(_answers.Kernel.ThreadOf(id), 11, at, 4096));
        Assert.Equal(Answers.Error(Errno.ETXTBSY), Run(_answers.Kernel.ThreadOf(id), "/program"));
        _answers.Move();
        Assert.Equal(Answers.Error(Errno.ETXTBSY), Run(_answers.Kernel.ThreadOf(id), "/program"));
        _answers.Kernel.Do(_answers.Init, 11, at, 4096);
        Assert.True(Run(_answers.Kernel.ThreadOf(id), "/program") >= 0);
    }

    // Linux does not count who may write files in memory: a program that is made in a mapping runs from it.
    [Fact]
    public void A_file_in_memory_runs_although_it_is_mapped_to_be_written()
    {
        const ulong at = 0x7000_0000;
        byte[] program = ElfBuilder.Build();
        ulong file = (ulong)_answers.Call(319, _answers.Path("program"), 0);
        Assert.Equal(0, _answers.Call(77, file, (ulong)program.Length));
        Assert.Equal((long)at, _answers.Call(9, at, 1 << 16, 3, 0x01 | 0x10, file, 0));
        for (int i = 0; i < program.Length; i++)
            _answers.Kernel.Poke(_answers.Init, at + (ulong)i, program[i]);
        Thread* child = _answers.Kernel.Fork(_answers.Init);
        ulong empty = _answers.Kernel.PokeText(child, Answers.Text, "");
        Assert.True(_answers.Kernel.Call(child, 322, file, empty, 0, 0, 0x1000) >= 0);
    }

    private long? Run(Thread* thread, string path)
        => _answers.Kernel.Call(thread, 59, _answers.Kernel.PokeText(thread, Answers.Text, path), 0, 0);
}
