using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Store;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>The list of groups against a sorted dictionary, with more groups than a page of it has room for.</summary>
public sealed unsafe class GroupDirectoryTests
{
    private const int MostGroups = 1500;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void GroupsAreFoundByNameAndNumberInOrderHoweverTheyComeAndGo(int seed)
    {
        HostEnvironment.Install();
        using var pages = new TestPages();
        var directory = new GroupDirectory(pages);
        var random = new Random(seed);
        var model = new SortedDictionary<ulong, (string Name, nint Entry)>();
        ulong next = VolumeId.First.Value;
        Span<byte> buffer = stackalloc byte[GroupEntry.MaxNameBytes];
        for (int step = 0; step < 6000; step++)
        {
            if (model.Count < MostGroups && random.Next(3) != 0)
            {
                next += (ulong)random.Next(1, 4);
                int length = directory.NameNew(buffer);
                string name = Encoding.ASCII.GetString(buffer[..length]);
                Assert.DoesNotContain(model.Values, known => known.Name == name);
                model[next] = (name, (nint)directory.Add(buffer[..length], new VolumeId(next)));
            }
            else if (model.Count > 0)
            {
                ulong victim = model.Keys.ElementAt(random.Next(model.Count));
                directory.Remove((GroupEntry*)model[victim].Entry);
                model.Remove(victim);
            }
            if (step % 500 == 0)
                AssertSame(directory, model);
        }
        AssertSame(directory, model);
    }

    private static void AssertSame(GroupDirectory directory, SortedDictionary<ulong, (string Name, nint Entry)> model)
    {
        int index = 0;
        foreach ((ulong volume, (string name, nint entry)) in model)
        {
            Assert.Equal(entry, (nint)directory.At(index++));
            Assert.Equal(volume, ((GroupEntry*)entry)->Volume);
            Assert.Equal(entry, (nint)directory.Find(Encoding.ASCII.GetBytes(name)));
            string number = (volume - VolumeId.First.Value).ToString(CultureInfo.InvariantCulture);
            Assert.Equal(entry, (nint)directory.Find(Encoding.ASCII.GetBytes(number)));
        }
        Assert.True(directory.At(index) == null);
        Assert.True(directory.Find("18446744073709551615"u8) == null);
        Assert.True(directory.Find("none"u8) == null);
    }
}
