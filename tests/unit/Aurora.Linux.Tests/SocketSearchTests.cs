using System.Linq;
using Aurora.Base;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>The search for sockets that only messages lead to, cut at each of its steps.</summary>
public sealed unsafe class SocketSearchTests
{
    private const ulong Stream = 1;
    private const ulong Peek = 2;

    /// <summary>Wherever a search is, what is captured can be restored, and goes in the end.</summary>
    [Fact]
    public void A_search_can_be_cut_at_every_step()
    {
        int steps = 0;
        for (bool isOver = false; !isOver; steps++)
        {
            var kernel = new TestKernel();
            Thread* init = kernel.Boot();
            MakeCircle(kernel, init, 120);
            for (int step = 0; step < steps && kernel.Files.Closing.HasWork; step++)
                kernel.Files.Closing.Step();
            isOver = !kernel.Files.Closing.HasWork;
            kernel = SocketTests.Move(kernel, new TestKernel.Image());
            SocketTests.Close(kernel);
            Assert.Equal((0, 0), (kernel.Files.SocketFiles.Count, kernel.Files.SocketFiles.MessageCount));
            kernel.Dispose();
        }
        Assert.True(steps > 5, "the search takes a few steps");
    }

    /// <summary>Who gets a file by looking at a message can reach it, though a search has already chosen it.</summary>
    [Fact]
    public void Who_peeks_while_a_search_goes_on_loses_nothing()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (ulong a, ulong toA) = SocketTests.Pair(kernel, init, Stream);
        (ulong b, ulong toB) = SocketTests.Pair(kernel, init, Stream);
        Assert.Equal(1, SocketTests.Pass(kernel, init, toA, b));
        PassMany(kernel, init, 150);
        Assert.Equal(1, SocketTests.Pass(kernel, init, toB, a));
        foreach (ulong file in new[] { toA, toB, a })
            kernel.Do(init, 3, file);
        kernel.Files.Closing.Step();
        Assert.True(kernel.Files.Closing.HasWork, "the search was over before anybody could disturb it");
        ulong seen = (ulong)Assert.Single(SocketTests.Receive(kernel, init, b, Peek));
        kernel.Do(init, 3, b);
        SocketTests.Close(kernel);
        Assert.Single(SocketTests.Receive(kernel, init, seen));
    }

    // Pairs of which each end is in the queue of the next pair: a circle that nobody has open.
    private static void MakeCircle(TestKernel kernel, Thread* init, int count)
    {
        (ulong One, ulong Other)[] pairs = [.. Enumerable.Range(0, count).Select(_ => SocketTests.Pair(kernel, init, Stream))];
        for (int i = 0; i < count; i++)
            Assert.Equal(1, SocketTests.Pass(kernel, init, pairs[(i + 1) % count].One, pairs[i].One, pairs[i].Other));
        foreach ((ulong one, ulong other) in pairs)
        {
            kernel.Do(init, 3, one);
            kernel.Do(init, 3, other);
        }
    }

    // Sockets in messages that can be received.
    private static void PassMany(TestKernel kernel, Thread* init, int pairs)
    {
        (ulong sender, _) = SocketTests.Pair(kernel, init, Stream);
        for (int i = 0; i < pairs; i++)
        {
            (ulong one, ulong other) = SocketTests.Pair(kernel, init, Stream);
            Assert.Equal(1, SocketTests.Pass(kernel, init, sender, one, other));
            kernel.Do(init, 3, one);
            kernel.Do(init, 3, other);
        }
    }
}
