// Layers over each other: what is gone, what is replaced, and what links lead to.
using System;
using System.Formats.Tar;
using System.IO;
using System.Linq;
using Aurora.Images.Oci;
using Aurora.Images.Root;
using Xunit;
using static Aurora.Images.Tests.Oci.SavedImage;

namespace Aurora.Images.Tests.Oci;

public sealed class OciLayerTests : IDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("aurora-test-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_whiteout_hides_what_is_below_and_only_that()
        => Shows(
            ["/a directory", "/a/kept k", "/b new", "/c directory", "/c/new n"],
            Layer(Directory("a"), Plain("a/gone", "g"), Plain("a/kept", "k"), Plain("b", "old"), Directory("c"), Plain("c/old", "o")),
            Layer(Plain("a/.wh.gone", ""), Plain("b", "new"), Plain(".wh.b", ""), Plain("c/new", "n"), Plain(".wh.c", "")));

    [Fact]
    public void A_directory_that_is_made_opaque_shows_what_its_layer_has()
        => Shows(
            ["/d directory", "/d/new n", "/e e"],
            Layer(Directory("d"), Directory("d/deep"), Plain("d/deep/old", "o"), Plain("e", "e")),
            Layer(Plain("d/new", "n"), Plain("d/.wh..wh..opq", "")));

    [Fact]
    public void A_whiteout_of_what_is_not_there_and_the_notes_of_a_file_system_mean_nothing()
        => Shows(
            ["/a a"],
            Layer(Plain("a", "a")),
            Layer(Plain(".wh.b", ""), Plain("x/.wh.y", ""), Plain(".wh..wh.aufs", ""), Plain(".wh..wh.plnk/7.8", "")));

    [Fact]
    public void A_file_comes_back_after_it_was_gone()
        => Shows(["/a again"], Layer(Plain("a", "first")), Layer(Plain(".wh.a", "")), Layer(Plain("a", "again")));

    [Fact]
    public void Names_change_what_they_stand_for()
        => Shows(
            ["/dir now a file", "/file directory", "/file/in it", "/link directory", "/other directory"],
            Layer(Directory("dir"), Plain("dir/x", "x"), Plain("file", "f"), Link("link", "other"), Directory("other")),
            Layer(Plain("dir", "now a file"), Directory("file"), Plain("file/in", "it"), Directory("link")));

    [Fact]
    public void A_directory_of_a_higher_layer_keeps_what_is_in_it_and_brings_its_permissions()
    {
        var image = new SavedImage(Path.Combine(_folder, "i"));
        image.Write(
        [
            Layer(Directory("d"), Plain("d/x", "x")),
            Layer(Directory("d", UnixFileMode.UserRead), Directory(".", UnixFileMode.UserExecute)),
        ]);
        using OciImage opened = OciImage.Open(image.Folder);
        RootEntry[] entries = [.. opened.Read()];
        Assert.Equal(0x100, entries.Single(entry => entry.Path == "/d").Mode);
        Assert.Equal(0x40, entries.Single(entry => entry.Path == "/").Mode);
        Assert.Contains(entries, entry => entry.Path == "/d/x");
    }

    [Fact]
    public void Hard_links_stay_one_file_over_layers_whatever_becomes_of_the_first_name()
        => Shows(
            ["/a new", "/c first", "/d = /c", "/e = /c"],
            Layer(Plain("a", "first"), HardLink("b", "a"), HardLink("c", "./b")),
            Layer(Plain("a", "new"), HardLink("d", "/c")),
            Layer(Plain(".wh.b", ""), HardLink("e", "d"), HardLink("c", "c")));

    [Fact]
    public void A_name_below_a_link_is_where_that_leads_to_and_no_link_leads_out()
        => Shows(
            [
                "/bin -> usr/bin", "/out -> ../../../etc", "/etc directory", "/etc/passwd p", "/usr directory", "/usr/bin directory",
                "/usr/bin/sh s",
            ],
            Layer(Link("bin", "usr/bin"), Directory("usr/bin"), Link("out", "../../../etc"), Directory("etc"), Plain("etc/gone", "g")),
            Layer(Plain("bin/sh", "s"), Plain("out/passwd", "p"), Plain("out/.wh.gone", "")));

    [Fact]
    public void A_whiteout_does_not_go_through_a_link_that_its_layer_replaces()
        => Shows(
            [
                "/bin directory", "/bin/new n", "/d directory", "/kept -> run", "/run directory", "/run/state s", "/usr directory",
                "/usr/bin directory", "/usr/bin/sh s", "/usr/d directory", "/usr/d/x x", "/var directory", "/var/run directory",
            ],
            Layer(
                Directory("run"), Plain("run/state", "s"), Plain("run/gone", "g"), Directory("var"), Link("var/run", "/run"),
                Directory("usr/bin"), Plain("usr/bin/sh", "s"), Link("bin", "usr/bin"), Directory("usr/d"), Plain("usr/d/x", "x"),
                Link("d", "usr/d"), Link("kept", "run")),
            Layer(
                Plain("var/run/.wh..wh..opq", ""), Directory("var/run"), Directory("bin"), Plain("bin/.wh.sh", ""), Plain("bin/new", "n"),
                Directory("d"), Plain("d/.wh.x", ""), Plain("kept/.wh.gone", "")));

    [Fact]
    public void A_whiteout_goes_through_a_link_that_its_layer_has_again()
        => Shows(
            ["/bin -> usr/bin", "/moved -> new", "/new directory", "/old directory", "/old/x x", "/usr directory", "/usr/bin directory"],
            Layer(
                Directory("usr/bin"), Plain("usr/bin/sh", "s"), Link("bin", "usr/bin"), Directory("old"), Plain("old/x", "x"),
                Directory("new"), Plain("new/x", "x"), Link("moved", "old")),
            Layer(Plain("bin/.wh.sh", ""), Link("bin", "usr/bin"), Plain("moved/.wh.x", ""), Link("moved", "new")));

    [Theory]
    [InlineData("../x", TarEntryType.RegularFile, "", "climbs")]
    [InlineData("a/../../x", TarEntryType.RegularFile, "", "climbs")]
    [InlineData("x", TarEntryType.HardLink, "../../etc/passwd", "climbs")]
    [InlineData("x", TarEntryType.HardLink, "nothing", "not there")]
    [InlineData("x", TarEntryType.HardLink, "dir", "a directory")]
    [InlineData("round/x", TarEntryType.RegularFile, "", "links without end")]
    [InlineData(".wh.", TarEntryType.RegularFile, "", "gone")]
    [InlineData("dir/.wh...", TarEntryType.RegularFile, "", "gone")]
    [InlineData(".wh.dir/x", TarEntryType.RegularFile, "", "gone")]
    public void A_layer_that_means_to_deceive_is_refused(string name, TarEntryType type, string target, string words)
    {
        var entry = new PaxTarEntry(type, name);
        if (type == TarEntryType.HardLink)
            entry.LinkName = target;
        var image = new SavedImage(Path.Combine(_folder, "i"));
        image.Write([Layer(Directory("dir"), Link("round", "dnuor"), Link("dnuor", "round")), Layer(entry)]);
        Assert.Contains(words, Assert.Throws<ImageException>(() => Show(image.Folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tree_deeper_than_any_path_is_refused()
    {
        var image = new SavedImage(Path.Combine(_folder, "i"));
        string deep = string.Concat(Enumerable.Repeat("d/", 1500));
        image.Write([Layer(Directory(deep), Link("l", deep)), Layer(Directory("l/" + deep))]);
        Assert.Contains("4096", Assert.Throws<ImageException>(() => Show(image.Folder)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Any_stack_of_layers_is_what_a_simple_model_says(int seed)
    {
        var random = new Random(seed + 20_261_130);
        for (int round = 0; round < 60; round++)
        {
            var model = new LayerModel();
            byte[][] layers = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Layer([.. model.AddRandomLayer(random)]))];
            string folder = Path.Combine(_folder, $"{round}");
            new SavedImage(folder).Write(layers, form: (LayerForm)random.Next(3));
            Assert.Equal(model.Show(), Show(folder));
        }
    }

    private void Shows(string[] expected, params byte[][] layers)
    {
        var image = new SavedImage(Path.Combine(_folder, "i"));
        image.Write(layers);
        Assert.Equal(expected.Order(StringComparer.Ordinal), Show(image.Folder));
    }
}
