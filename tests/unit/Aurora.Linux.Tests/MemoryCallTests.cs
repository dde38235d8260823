using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Calls that take memory away take nothing away when they fail.</summary>
public sealed unsafe class MemoryCallTests
{
    private const ulong At = 0x10_0000_0000;
    private const ulong PrivateAnonymous = 0x32;
    private const ulong ReadWrite = 3;
    private const ulong Free = 8;

    [Fact]
    public void An_munmap_that_finds_no_room_for_another_mapping_leaves_the_memory_as_it_was()
    {
        const ulong bytes = 32 << 20;
        const ulong room = 8192;
        using var kernel = new TestKernel(frames: 16384, mostMappings: 8);
        Thread* init = kernel.Boot();
        kernel.Do(init, 9, At, bytes, ReadWrite, PrivateAnonymous, ulong.MaxValue);
        for (ulong page = 0; page < bytes; page += 4096 * 64)
            kernel.Poke(init, At + page, page + 1);
        ulong others = At + (2 * bytes);
        while (kernel.Call(init, 9, others, room, ReadWrite, PrivateAnonymous, ulong.MaxValue) >= 0)
            others += 2 * room;
        Assert.Equal(-(long)Errno.ENOMEM, kernel.Call(init, 11, At + room, bytes - (2 * room)));
        for (ulong page = 0; page < bytes; page += 4096 * 64)
            Assert.Equal(page + 1, kernel.Peek<ulong>(init, At + page));
    }

    // Anonymous memory may be freed lazily; what was written to a private mapping of a file may not (madvise_free_single_vma).
    [Theory]
    [InlineData(0x02UL)]
    [InlineData(0x01UL)]
    public void Madvise_FREE_is_refused_for_mappings_of_files_and_changes_nothing(ulong type)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/f", new byte[8192], 0x81B6);
        long file = kernel.Do(init, 2, kernel.PokeText(init, TestKernel.Scratch, "/f"), 2);
        kernel.Do(init, 9, At, 8192, ReadWrite, 0x10 | type, (ulong)file);
        kernel.Poke(init, At, 77UL);
        Assert.Equal(-(long)Errno.EINVAL, kernel.Call(init, 28, At, 8192, Free));
        Assert.Equal(77UL, kernel.Peek<ulong>(init, At));
    }
}
