using System.Text;
using MfpClip.Data;

namespace MfpClip.Evaluation.Tests.Data;

/// <summary>Lists of images: tables of users, and what programs do to the files of all lists.</summary>
public sealed class TableTests : IDisposable
{
    private const string Csv = "image,label,mask,category,split,kind\n"
        + "a/1.png,normal,,nut,train,\na/2.png,good,,nut,test,\na/3.png,defective,m/3.png;m/3b.png,nut,test,dent\n"
        + "\"b/4, \"\"odd\"\".png\",1,,bolt,,\n";

    private readonly TemporaryFolder _folder = new();

    public TableTests()
    {
        foreach (string image in new[] { "a/1.png", "a/2.png", "a/3.png", "b/4, \"odd\".png" })
        {
            _folder.Picture(image);
        }

        _folder.Mask("m/3.png");
        _folder.Mask("m/3b.png", x: 6, w: 1);
    }

    public static TheoryData<string> Encodings => ["utf-8", "utf-8 mark", "utf-16", "utf-16 mark", "utf-16 big", "utf-16 big mark", "utf-32 mark"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Encodings))]
    public void A_CSV_table_is_read_in_every_encoding(string encoding)
    {
        Write("images.csv", Csv.Replace("\n", "\r\n", StringComparison.Ordinal), encoding);

        Check(DataSetReader.Open(_folder.Path));
        Check(DataSetReader.Open(_folder["images.csv"]));
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public void A_JSON_table_is_read_in_every_encoding(string encoding)
    {
        Write("images.json", """
            [ { "image": "a/1.png", "label": "normal", "category": "nut", "split": "train" },
              { "image": "a/2.png", "label": 0, "category": "nut", "mask": null },
              { "image": "a/3.png", "label": true, "mask": ["m/3.png", "m/3b.png"], "category": "nut", "kind": "dent", "split": "test" },
              { "image": "b/4, \"odd\".png", "label": "abnormal", "category": "bolt" } ]
            """, encoding);

        Check(DataSetReader.Open(_folder.Path));
        Check(DataSetReader.Open(_folder["images.json"]));
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Meta_json_and_VisA_are_read_in_every_encoding(string encoding)
    {
        Write("meta.json", """{"test": {"nut": [{"img_path": "a/3.png", "mask_path": "m/3.png", "anomaly": 1}]}}""", encoding);
        Write("split.csv", "object,split,label,image,mask\r\nnut,test,anomaly,a/3.png,m/3.png\r\n", encoding);

        Assert.Equal(_folder["m/3.png"], Assert.Single(DataSetReader.Open(_folder["meta.json"]).Categories[0].Samples).MaskPath);
        Assert.Equal(_folder["m/3.png"], Assert.Single(DataSetReader.Open(_folder["split.csv"]).Categories[0].Samples).MaskPath);
    }

    [Theory]
    [InlineData(';')]
    [InlineData('\t')]
    public void A_table_of_other_separators_is_read(char separator)
    {
        _folder.Text("t.csv", $"image{separator}label\na/1.png{separator}OK\n\n\"a/3.png\"{separator}NG\n");

        var found = Assert.Single(DataSetReader.Open(_folder["t.csv"]).Summarise().Categories);

        Assert.Equal((1, 1), (found.TestNormal, found.TestDefective));
    }

    [Fact]
    public void A_quoted_field_may_hold_line_breaks_and_lines_are_still_counted()
    {
        _folder.Text("t.csv", "image,label,comment\na/1.png,ok,\"two\r\nlines\"\na/2.png,odd,\n");

        Fails(DataSetFault.Malformed, "line 4: the label is 'odd'", "t.csv");
    }

    [Theory]
    [InlineData("image,label\n../x.png,ok\n", DataSetFault.Malformed, "outside of the data set's folder")]
    [InlineData("image,label\n/etc/hostname,ok\n", DataSetFault.Malformed, "outside of the data set's folder")]
    [InlineData("image,label,mask\na/3.png,ng,..\\x.png\n", DataSetFault.Malformed, "outside of the data set's folder")]
    [InlineData("image,label\na/8.png,ok\na/9.png,ok\n", DataSetFault.MissingFile, "2 files are missing: 8.png, 9.png")]
    [InlineData("image,label,mask\na/3.png,ng,m/9.png\n", DataSetFault.MissingFile, "line 2, names this file")]
    [InlineData("image,label\na/1.png,ok\na/1.png,ng\n", DataSetFault.Malformed, "line 2 and line 3")]
    [InlineData("image,label,split\na/1.png,ok,train\na/1.png,ok,test\n", DataSetFault.Malformed, "line 2 and line 3")]
    [InlineData("image,label,split\na/1.png,ok,odd\n", DataSetFault.Malformed, "the split is 'odd'")]
    [InlineData("image,label\na/1.png,\n", DataSetFault.Malformed, "line 2 has no label")]
    [InlineData("picture,state\na/1.png,ok\n", DataSetFault.Malformed, "image and label")]
    [InlineData("image,label\n\"a/1.png,ok\n", DataSetFault.Malformed, "not closed")]
    [InlineData("image,label\n", DataSetFault.Empty, "lists no images")]
    [InlineData("", DataSetFault.Malformed, "image and label")]
    public void A_bad_table_is_refused_with_its_line(string csv, DataSetFault fault, string says)
    {
        _folder.Text("t.csv", csv);

        Fails(fault, says, "t.csv");
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("[{\"label\": 1}]")]
    [InlineData("[{\"image\": \"a/1.png\"}]")]
    public void A_bad_JSON_table_is_refused(string json)
    {
        _folder.Text("t.json", json);

        Fails(DataSetFault.Malformed, "t.json", "t.json");
    }

    [Fact]
    public void Text_of_another_encoding_is_refused()
    {
        File.WriteAllBytes(_folder["t.csv"], Encoding.Latin1.GetBytes("image,label\na/ü.png,ok\n"));

        Fails(DataSetFault.Malformed, "UTF-8", "t.csv");
    }

    [Fact]
    public void Lines_with_a_mask_each_are_one_image()
    {
        _folder.Text("t.csv", "image,label,mask\na/3.png,ng,m/3.png\na/3.png,ng,m/3b.png\na/1.png,ok,\na/1.png,ok,\n");

        var category = DataSetReader.Open(_folder["t.csv"]).Categories[0];

        Assert.Equal(2, category.Samples.Count);
        Assert.Equal([_folder["m/3.png"], _folder["m/3b.png"]], category.Samples.Single(s => s.IsAnomalous).MaskPaths);
        Assert.Equal(2, Assert.Single(category.Ignored).Count);
    }

    private void Check(AnomalyDataSet set)
    {
        Assert.Equal(DataSetLayout.Table, set.Layout);
        Assert.Equal(["bolt", "nut"], set.Categories.Select(c => c.Key));
        Assert.Equal(_folder["b/4, \"odd\".png"], Assert.Single(set.Categories[0].Samples).ImagePath);
        var nut = set.Categories[1];
        Assert.Equal((1, 1), (nut.TrainNormal.Count(), nut.Test.Count(s => !s.IsAnomalous)));
        var bad = nut.Test.Single(s => s.IsAnomalous);
        Assert.Equal("dent", bad.Defect);
        Assert.Equal([_folder["m/3.png"], _folder["m/3b.png"]], bad.MaskPaths);
    }

    private void Write(string name, string text, string encoding)
    {
        bool mark = encoding.EndsWith("mark", StringComparison.Ordinal);
        Encoding with = encoding.StartsWith("utf-32", StringComparison.Ordinal) ? new UTF32Encoding(false, mark)
            : encoding.StartsWith("utf-16", StringComparison.Ordinal) ? new UnicodeEncoding(encoding.Contains("big", StringComparison.Ordinal), mark)
            : new UTF8Encoding(mark);
        File.WriteAllText(_folder[name], text, with);
    }

    private void Fails(DataSetFault fault, string says, string file)
    {
        var e = Assert.Throws<DataSetException>(() => DataSetReader.Open(_folder[file]));
        Assert.Equal(fault, e.Fault);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
    }
}
