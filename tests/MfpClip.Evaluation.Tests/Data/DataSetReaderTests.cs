using MfpClip.Data;
using MfpClip.Data.Procedural;
using MfpClip.Imaging;

namespace MfpClip.Evaluation.Tests.Data;

public sealed class DataSetReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_category_a_data_set_and_a_folder_of_data_sets_are_told_apart()
    {
        Category("a/metal_nut");
        Category("a/tile");
        Category("b/tile");

        var category = DataSetReader.Open(_folder["a/metal_nut"]);
        var set = DataSetReader.Open(_folder["a"]);
        var all = DataSetReader.Open(_folder.Path + "/");

        Assert.Equal(DataSetLayout.MvTec, category.Layout);
        Assert.Equal("metal nut", Assert.Single(category.Categories).ClassName);
        Assert.Equal(["metal_nut", "tile"], set.Categories.Select(c => c.Key));
        Assert.All(set.Categories, c => Assert.Equal("a", c.DataSet));
        Assert.Equal(["a/tile", "b/tile", "metal_nut"], all.Categories.Select(c => c.Key));
    }

    [Fact]
    public void MVTec_samples_have_label_split_kind_and_the_mask_of_their_name()
    {
        Category("nut");

        var samples = DataSetReader.Open(_folder["nut"]).Categories[0].Samples;

        Assert.Equal(4, samples.Count);
        var bad = Assert.Single(samples, s => s.IsAnomalous);
        Assert.Equal(("scratch", DataSplit.Test, _folder["nut/ground_truth/scratch/000_mask.png"]), (bad.Defect, bad.Split, bad.MaskPath));
        Assert.Equal(2, samples.Count(s => s.Split == DataSplit.Train));
        Assert.All(samples.Where(s => !s.IsAnomalous), s => Assert.True(s.MaskPath is null && s.Defect is null));
    }

    [Fact]
    public void Masks_match_by_name_whatever_the_image_format_and_may_be_absent()
    {
        _folder.Picture("c/test/good/a.png");
        File.Move(_folder.Picture("c/test/hole/b.png"), _folder["c/test/hole/b.jpg"]);
        _folder.Picture("c/test/hole/c.png");
        _folder.Mask("c/ground_truth/hole/b.png");

        var category = DataSetReader.Open(_folder["c"]).Categories[0];

        Assert.Equal(_folder["c/ground_truth/hole/b.png"], category.Samples.Single(s => s.ImagePath.EndsWith("b.jpg", StringComparison.Ordinal)).MaskPath);
        Assert.EndsWith("c.png", Assert.Single(category.WithoutMask).ImagePath, StringComparison.Ordinal);
    }

    [Fact]
    public void References_are_the_first_good_training_images_by_name()
    {
        foreach (string name in new[] { "b", "a", "c" })
        {
            _folder.Picture($"x/train/good/{name}.png");
        }

        var category = DataSetReader.Open(_folder["x"]).Categories[0];

        Assert.Equal(["a.png", "b.png"], category.References(2).Select(r => Path.GetFileName(r.ImagePath)));
        Assert.Equal(3, category.References(9).Count);
    }

    [Fact]
    public void VisA_is_read_from_its_split()
    {
        foreach (string image in new[]
        {
            "candle/Data/Images/Normal/0.png", "candle/Data/Images/Normal/1.png", "pcb1/Data/Images/Normal/0.png", "candle/Data/Images/Anomaly/000.png",
        })
        {
            _folder.Picture(image);
        }

        _folder.Mask("candle/Data/Masks/Anomaly/000.png", value: 3);
        _folder.Text("split_csv/1cls.csv", "object,split,label,image,mask\n"
            + "candle,train,normal,candle/Data/Images/Normal/0.png,\ncandle,test,normal,candle/Data/Images/Normal/1.png,\n"
            + "\"candle\",test,anomaly,candle/Data/Images/Anomaly/000.png,candle/Data/Masks/Anomaly/000.png\n"
            + "pcb1,train,normal,pcb1/Data/Images/Normal/0.png,\n");

        var set = DataSetReader.Open(_folder.Path);

        Assert.Equal(DataSetLayout.Visa, set.Layout);
        Assert.Equal(["candle", "pcb1"], set.Categories.Select(c => c.Name));
        var bad = set.Categories[0].Samples.Single(s => s.IsAnomalous);
        // VisA's masks hold small numbers, not 255: whatever is not black is defect.
        Assert.Equal(6, new SampleReader(new SkiaImageDecoder()).Load(bad).Mask!.Data.Count(v => v));
    }

    [Fact]
    public void Meta_json_of_AnomalyCLIP_is_read()
    {
        _folder.Picture("bottle/test/good/0.png");
        _folder.Picture("bottle/test/broken/0.png");
        _folder.Mask("bottle/ground_truth/broken/0_mask.png");
        _folder.Text("meta.json", """
            {"train": {"bottle": []}, "test": {"bottle": [
              {"img_path": "bottle/test/good/0.png", "mask_path": "", "cls_name": "bottle", "specie_name": "good", "anomaly": 0},
              {"img_path": "bottle/test/broken/0.png", "mask_path": "bottle/ground_truth/broken/0_mask.png", "cls_name": "bottle",
               "specie_name": "broken", "anomaly": 1}]}}
            """);

        var set = DataSetReader.Open(_folder.Path);

        Assert.Equal(DataSetLayout.MetaJson, set.Layout);
        Assert.Equal("broken", set.Categories[0].Samples.Single(s => s.IsAnomalous).Defect);
        Assert.Equal(DataSetLayout.MvTec, DataSetReader.Open(_folder.Path, DataSetLayout.MvTec).Layout);
    }

    [Fact]
    public void A_plain_folder_needs_good_and_bad_and_may_have_masks()
    {
        _folder.Picture("part/good/1.png");
        _folder.Picture("part/bad/1.png");
        _folder.Picture("part/bad/2.png");
        _folder.Mask("part/masks/1.png");

        var set = DataSetReader.Open(_folder["part"]);

        Assert.Equal(DataSetLayout.PlainFolder, set.Layout);
        Assert.Equal(2, set.Categories[0].Samples.Count(s => s.IsAnomalous));
        Assert.Equal(_folder["part/bad/2.png"], Assert.Single(set.Categories[0].WithoutMask).ImagePath);
    }

    [Fact]
    public void Masks_without_image_are_counted_and_named()
    {
        Category("c");
        _folder.Mask("c/ground_truth/scratch/998_mask.png");
        _folder.Mask("c/ground_truth/scratch/999_mask.png");
        _folder.Mask("c/ground_truth/dent/000_mask.png");

        var ignored = Assert.Single(DataSetReader.Open(_folder["c"]).Categories[0].Ignored);

        Assert.Equal((IgnoredReason.MaskWithoutImage, 3), (ignored.Reason, ignored.Count));
        Assert.Contains("3 masks without image (998_mask.png, 999_mask.png, 000_mask.png)", ignored.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void Masks_of_which_none_belongs_to_an_image_are_refused()
    {
        Category("c");
        File.Move(_folder["c/ground_truth/scratch/000_mask.png"], _folder["c/ground_truth/scratch/mask of 000.png"]);

        Fails(DataSetFault.MaskWithoutImage, "none of the 1 masks belongs to an image", () => DataSetReader.Open(_folder["c"]));
    }

    [Fact]
    public void A_mask_of_another_size_and_an_unreadable_image_are_named()
    {
        _folder.Picture("c/test/hole/1.png");
        _folder.Mask("c/ground_truth/hole/1_mask.png", width: 9);
        _folder.Text("c/test/hole/2.png", "no picture");
        var samples = DataSetReader.Open(_folder["c"]).Categories[0].Samples;
        var reader = new SampleReader(new SkiaImageDecoder());

        var size = Fails(DataSetFault.SizeMismatch, "1_mask.png", () => reader.Load(samples[0]));
        Assert.Contains("9 x 6", size.Message, StringComparison.Ordinal);
        Assert.Contains("8 x 6", size.Message, StringComparison.Ordinal);
        Fails(DataSetFault.UnreadableImage, "2.png", () => reader.Load(samples[1]));
    }

    [Theory]
    [InlineData("object,split,label,image\n", DataSetFault.Malformed, "mask")]
    [InlineData("object,split,label,image,mask\nc,test,odd,i.png,\n", DataSetFault.Malformed, "line 2")]
    [InlineData("object,split,label,image,mask\nc,test,normal\n", DataSetFault.Malformed, "line 2")]
    [InlineData("object,split,label,image,mask\nc,test,normal,../../etc/passwd,\n", DataSetFault.Malformed, "outside")]
    [InlineData("object,split,label,image,mask\nc,test,normal,absent.png,\n", DataSetFault.MissingFile, "absent.png")]
    [InlineData("object,split,label,image,mask\n", DataSetFault.Empty, "no images")]
    public void A_bad_split_is_refused_with_its_line(string csv, DataSetFault fault, string says)
    {
        _folder.Text("split_csv/1cls.csv", csv);

        Fails(fault, says, () => DataSetReader.Open(_folder.Path));
    }

    [Theory]
    [InlineData("{", "meta.json")]
    [InlineData("[]", "meta.json")]
    [InlineData("""{"test": {"c": [{"anomaly": 1}]}}""", "meta.json")]
    [InlineData("""{"val": {}}""", "split 'val'")]
    public void A_bad_meta_json_is_refused(string json, string says)
    {
        _folder.Text("meta.json", json);

        Fails(DataSetFault.Malformed, says, () => DataSetReader.Open(_folder.Path));
    }

    [Fact]
    public void Absent_empty_and_unknown_folders_are_told_apart()
    {
        Directory.CreateDirectory(_folder["empty"]);
        _folder.Text("odd/readme.txt", "nothing here");
        Directory.CreateDirectory(_folder["hollow/test/good"]);

        Fails(DataSetFault.NotFound, "absent", () => DataSetReader.Open(_folder["absent"]));
        Fails(DataSetFault.Empty, "empty", () => DataSetReader.Open(_folder["empty"]));
        Fails(DataSetFault.UnknownLayout, "MVTec AD", () => DataSetReader.Open(_folder["odd"]));
        Fails(DataSetFault.Empty, "hollow", () => DataSetReader.Open(_folder["hollow"]));
    }

    [SkippableFact]
    public void The_real_images_open_as_a_folder_of_data_sets()
    {
        string root = SharedData.Root();

        var all = DataSetReader.Open(root);

        Assert.Equal(Directory.GetDirectories(root).Sum(d => Directory.GetDirectories(d).Length), all.Categories.Count);
        Assert.All(all.Categories, c => Assert.Contains(c.Test, s => s.IsAnomalous));
        Assert.All(all.Categories, c => Assert.True(!c.WithoutMask.Any() || !Directory.Exists(Path.Combine(c.Path, "ground_truth"))));
        var reader = new SampleReader(new SkiaImageDecoder());
        Assert.All(all.Categories, c => reader.Load(c.Test.First(s => s.IsAnomalous)));
    }

    private static DataSetException Fails(DataSetFault fault, string says, Action action)
    {
        var e = Assert.Throws<DataSetException>(action);
        Assert.Equal(fault, e.Fault);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        return e;
    }

    private void Category(string path)
    {
        _folder.Picture($"{path}/train/good/000.png");
        _folder.Picture($"{path}/train/good/001.png");
        _folder.Picture($"{path}/test/good/000.png");
        _folder.Picture($"{path}/test/scratch/000.png");
        _folder.Mask($"{path}/ground_truth/scratch/000_mask.png");
    }
}
