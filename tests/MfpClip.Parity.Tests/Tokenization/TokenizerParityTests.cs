using MfpClip.Text;

namespace MfpClip.Parity.Tests.Tokenization;

public class TokenizerParityTests
{
    [SkippableTheory]
    [InlineData("openai")]
    [InlineData("hugging face")]
    [InlineData("bundled")]
    public void Every_string_gives_the_reference_ids(string layout)
    {
        string folder = Goldens.Family("clip-full-vocab");
        var tokenizer = layout switch
        {
            "openai" => ClipTokenizer.FromBpeFile(Path.Combine(folder, "bpe_simple_vocab_16e6.txt.gz")),
            "bundled" => ClipTokenizer.Default,
            _ => ClipTokenizer.FindNextTo(Path.Combine(folder, "hf", "model.safetensors"))!,
        };
        var wrong = new List<string>();
        int count = 0;
        foreach (var item in Goldens.Json(Path.Combine(Goldens.Family("tokenizer"), "tokens.json")).EnumerateArray())
        {
            string text = item.GetProperty("text").GetString()!;
            var padded = item.GetProperty("padded").EnumerateArray().Select(v => v.GetInt64()).ToArray();
            if (!item.GetProperty("ids").EnumerateArray().Select(v => v.GetInt32()).SequenceEqual(tokenizer.Encode(text))
                || !padded.SequenceEqual(tokenizer.EncodePadded(text, padded.Length)))
            {
                wrong.Add(text);
            }

            count++;
        }

        Assert.True(count > 0 && wrong.Count == 0, $"{wrong.Count} of {count} differ: {string.Join(" | ", wrong.Take(20))}");
    }

    [SkippableFact]
    public void The_full_vocabulary_texts_agree_with_the_stored_ids()
    {
        string folder = Goldens.Family("clip-full-vocab");
        using var scope = torch.NewDisposeScope();
        var ids = Goldens.Tensors(folder, "inputs.safetensors")["token_ids"];
        var texts = Goldens.Json(Path.Combine(folder, "texts.json")).EnumerateArray().Select(t => t.GetString()!).ToList();
        Assert.Equal(ids.shape[0], texts.Count);
        for (int i = 0; i < texts.Count; i++)
        {
            Assert.Equal(ids[i].data<long>().ToArray(), ClipTokenizer.Default.EncodePadded(texts[i], (int)ids.shape[1]));
        }
    }
}
