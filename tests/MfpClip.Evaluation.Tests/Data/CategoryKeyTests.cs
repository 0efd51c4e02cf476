using MfpClip.Data;

namespace MfpClip.Evaluation.Tests.Data;

/// <summary>Categories of equal names that are used together.</summary>
public sealed class CategoryKeyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_key_has_as_much_of_the_path_as_tells_categories_apart()
    {
        string[] paths = [Category("2024/lineA/part"), Category("2025/lineA/part"), Category("2025/lineB/part"), Category("2025/lineB/nut")];

        var set = DataSetReader.Open(paths);

        Assert.Equal(["2024/lineA/part", "2025/lineA/part", "2025/lineB/part", "nut"], set.Categories.Select(c => c.Key));
        Assert.Equal(["2024/lineA", "2025/lineA", "lineB", "lineB"], set.Categories.Select(c => c.DataSet));
        Assert.Empty(set.Ignored);
        set.CheckKeys();
    }

    [Fact]
    public void Plain_folders_of_one_name_keep_keys_of_their_own()
    {
        _folder.Picture("a/part/good/0.png");
        _folder.Picture("b/part/good/0.png");

        Assert.Equal(["a/part", "b/part"], DataSetReader.Open([_folder["a/part"], _folder["b/part"]]).Categories.Select(c => c.Key));
        Assert.Equal(["part"], DataSetReader.Open([_folder["a/part"]]).Categories.Select(c => c.Key));
    }

    [Fact]
    public void Two_lists_of_one_folder_are_two_sets_of_data()
    {
        _folder.Picture("set/1.png");
        _folder.Text("set/old.csv", "image,label,category\n1.png,ok,nut\n");
        _folder.Text("set/new.csv", "image,label,category\n1.png,ng,nut\n");

        var set = DataSetReader.Open([_folder["set/old.csv"], _folder["set/new.csv"]]);

        Assert.Equal(["new/nut", "old/nut"], set.Categories.Select(c => c.Key));
    }

    [Fact]
    public void The_same_folder_is_used_once_whatever_it_is_called()
    {
        string part = Category("line/part");
        Directory.CreateSymbolicLink(_folder["linked"], _folder["line"]);
        Directory.CreateSymbolicLink(_folder["deep"], _folder["linked/part"]);
        string[] again =
        [
            part + "/", Path.Combine(part, "..", "part"), Path.GetRelativePath(Directory.GetCurrentDirectory(), part), _folder["line"], _folder["linked"],
            _folder["linked/part"], _folder["deep"],
        ];

        foreach (string path in again)
        {
            var set = DataSetReader.Open([part, path]);
            Assert.Equal("part", Assert.Single(set.Categories).Key);
            var repeated = Assert.Single(set.Ignored);
            Assert.Equal(IgnoredReason.RepeatedFolder, repeated.Reason);
            Assert.Contains($"is the same folder as '{part}'", repeated.Explanation, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Links_inside_of_a_folder_do_not_repeat_a_category()
    {
        Category("set/part");
        Directory.CreateSymbolicLink(_folder["set/again"], _folder["set/part"]);

        var set = DataSetReader.Open(_folder["set"]);

        Assert.Single(set.Categories);
        Assert.Single(set.Ignored);
    }

    [Fact]
    public void Equal_keys_that_were_put_together_by_hand_are_refused_before_the_work()
    {
        var one = DataSetReader.Open(Category("a/part"));
        var both = one with { Categories = [.. one.Categories, .. DataSetReader.Open(Category("b/part")).Categories] };
        using var detector = new RednessDetector();

        var e = Assert.Throws<DataSetException>(() => new Evaluator().Evaluate(detector, both));

        Assert.Equal(DataSetFault.RepeatedKey, e.Fault);
        Assert.Contains("'part'", e.Message, StringComparison.Ordinal);
        Assert.Empty(detector.ClassNames);
    }

    private string Category(string path)
    {
        _folder.Picture($"{path}/test/good/0.png");
        _folder.Picture($"{path}/test/hole/0.png");
        return _folder[path];
    }
}
