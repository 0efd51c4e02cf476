using MfpClip.Backbones.Clip;
using MfpClip.Execution;
using MfpClip.Pipeline;
using MfpClip.Tests.Detection;
using MfpClip.Text;

namespace MfpClip.Tests.Pipeline;

/// <summary>Class names come from outside: they are bounded, and one that failed is not kept.</summary>
public sealed class TextCacheTests : IDisposable
{
    private readonly ClipBackbone _backbone = ClipBackbone.CreateRandom(ZeroShotDetectorTests.Config, 3);

    public void Dispose() => _backbone.Dispose();

    [Fact]
    public void A_class_name_longer_than_any_prompt_is_refused_before_it_is_encoded()
    {
        var tokenizer = new Counting();
        using var cache = new TextCache(tokenizer, PromptTemplates.Paper, _backbone.Text);

        var e = Assert.Throws<DetectionOptionsException>(() => Use(cache, new string('a', 257)));

        Assert.Contains("257 characters", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, tokenizer.Calls);
        Assert.Throws<ArgumentException>(() => ClipTokenizer.Default.Encode(new string('a', 200_000)));
        Assert.Throws<ArgumentException>(() => ClipTokenizer.Default.Encode(new string('a', 5_000)));
    }

    [Fact]
    public void Whatever_fails_once_is_made_at_the_next_call()
    {
        var tokenizer = new Counting { FailuresLeft = 1 };
        using var cache = new TextCache(tokenizer, PromptTemplates.Paper, _backbone.Text);

        Assert.Throws<OutOfMemoryException>(() => Use(cache, "nut"));
        Assert.Equal(0, cache.Count);
        Assert.Equal("nut", Use(cache, "  nut "));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(
            () => cache.WithSentences("bolt", new ForwardContext { CancellationToken = cancelled.Token }, s => s.ClassName));
        Assert.Equal("bolt", Use(cache, "bolt"));
        Assert.Equal(2, cache.Count);
    }

    [Fact]
    public void The_name_that_was_not_used_for_longest_goes_first_and_nothing_leaks()
    {
        using (var warm = new TextCache(ClipTokenizer.Default, PromptTemplates.Paper, _backbone.Text))
        {
            Use(warm, "nut"); // kernels keep packed weights from now on
        }

        long before = LiveTensors.Settle();
        using (var cache = new TextCache(ClipTokenizer.Default, PromptTemplates.Paper, _backbone.Text))
        {
            for (int i = 0; i < 1030; i++)
            {
                Assert.Equal($"part {i}", Use(cache, $"part {i}"));
                Use(cache, "part 0");
            }

            Assert.Equal(1024, cache.Count);
            Assert.Equal("part 0", Use(cache, "part 0"));
        }

        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public void One_name_is_made_once_for_callers_at_the_same_time()
    {
        var tokenizer = new Counting();
        using var cache = new TextCache(tokenizer, PromptTemplates.Paper, _backbone.Text);
        Use(cache, "nut");
        int one = tokenizer.Calls;

        Parallel.For(0, 8, _ => Use(cache, "bolt"));

        Assert.Equal(2 * one, tokenizer.Calls);
    }

    private static string Use(TextCache cache, string name) => cache.WithSentences(name, ForwardContext.Default, s => s.ClassName);

    private sealed class Counting : ITokenizer
    {
        private int _calls;

        public int Calls => _calls;

        public int FailuresLeft { get; set; }

        public int VocabSize => ClipTokenizer.Default.VocabSize;

        public IReadOnlyList<int> Encode(string text)
        {
            Interlocked.Increment(ref _calls);
            return FailuresLeft-- > 0 ? throw new OutOfMemoryException() : ClipTokenizer.Default.Encode(text);
        }

        public long[] EncodePadded(string text, int contextLength = 77) => ClipTokenizer.Default.EncodePadded(text, contextLength);
    }
}
